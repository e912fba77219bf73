"""What the processes that score and time are told and what they answer, one JSON line per event."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgetag.catalogue.engines import Accelerator
from edgetag.image_cache import Shards
from edgetag.messages import Refused
from edgetag.pixels import Normalization

if TYPE_CHECKING:
    from edgetag.machine import Acceleration


@dataclass(frozen=True, kw_only=True)
class FloatModel:
    """The float network, as an engine opens it.

    Attributes:
        engine: A name of `catalogue.desktop`.
        file: `train/model.npz`, or the ONNX file.
        network: Values of a `NetworkSection`, for an engine that takes weights.
        tags: Number of scores.
        device: `cpu`, or `cuda:` and a number; empty takes the first GPU where there is one.
        tf32: Whether a GPU may round the factors of products to 10 bits (TensorFloat-32).
    """

    engine: str
    file: Path
    network: dict[str, Any]
    tags: int
    device: str = ""
    tf32: bool = False


@dataclass(frozen=True, kw_only=True)
class ScoringJob:
    """Rows to score.

    Attributes:
        model: What scores them.
        contract: From pixels to the model's input.
        cache: Where the image cache lies.
        rows: A `.npy`, `[n]` row numbers.
        scores: Receives a `.npy`, `[n, tags]` float32.
        batch: Images at once.
    """

    model: FloatModel
    contract: Normalization
    cache: Shards
    rows: Path
    scores: Path
    batch: int


@dataclass(frozen=True, kw_only=True)
class TimingJob:
    """What to time.

    Attributes:
        model: What is timed.
        contract: From pixels to input.
        images: A `.npy`, `[images, size, size, 3]` uint8, repeated as often as a batch needs.
        warmup_runs: Inferences of one image in one window of the warm-up, which ends when
        settled: is the most that the median moved from one window to the next,
        most_windows: or after so many.
        runs: Timed inferences of one image, at least; of a larger batch as many fewer as it is
            larger, but 30, unless a time is set too.
        min_s: Seconds that they take together, at least.
    """

    model: FloatModel
    contract: Normalization
    images: Path
    warmup_runs: int
    settled: float
    most_windows: int
    runs: int
    min_s: float


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an engine computes.

    Attributes:
        device: The GPU's name, or the CPU's.
        gpu: The GPU's number; None on the CPU.
        driver: Version of NVIDIA's driver; empty on the CPU, or where nvidia-ml-py is missing.
        versions: Package → version.
        requested: What was asked for: the CPU, or a GPU where there is one.
        why: Why that did not compute; empty where it did.
    """

    device: str
    gpu: int | None
    driver: str
    versions: dict[str, str]
    requested: Accelerator
    why: str = ""

    @property
    def accelerator(self) -> "Acceleration":
        """What was asked for, and what computes."""
        from edgetag.machine import Acceleration  # late, for pydantic's 0.1 s

        used: Accelerator = "cpu" if self.gpu is None else "gpu"
        return Acceleration(requested=self.requested, used=used, reason=self.why)


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """So many images more are scored, or inferences done."""

    event: Literal["advanced"] = "advanced"
    amount: int = 1


@dataclass(frozen=True, kw_only=True)
class BatchTimes:
    """What was measured of one size of batch.

    Attributes:
        batch: Images at once.
        warm: Whether the warm-up ended because medians had settled.
        latencies_ms: Of each inference, in their order; from the engine's own memory to scores.
        peak_gpu_bytes: Memory of the GPU that was in use above what was before the model was
            opened; None on the CPU, or where nvidia-ml-py is missing.
        joules_per_image: Energy of the whole GPU during the timed inferences, by their images;
            None likewise, or where the GPU does not count.
    """

    batch: int
    warm: bool
    latencies_ms: tuple[float, ...]
    peak_gpu_bytes: int | None = None
    joules_per_image: float | None = None


@dataclass(frozen=True, kw_only=True)
class Scored:
    """All rows are scored."""

    event: Literal["scored"] = "scored"
    place: Place


@dataclass(frozen=True, kw_only=True)
class Timed:
    """All batches are timed."""

    event: Literal["timed"] = "timed"
    place: Place
    batches: tuple[BatchTimes, ...]


Event = Advanced | Scored | Timed | Refused
