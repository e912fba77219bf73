"""What the process that times TensorFlow is told and what it answers."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from edgetag.preprocess import Preprocessing
from edgetag.recipe import NetworkSection
from edgetag.records import Record


class TimingJob(Record):
    """What to time.

    Attributes:
        network: The architecture.
        tags: Number of scores.
        weights: `train/model.npz`.
        contract: From pixels to input.
        images: A `.npy`, `[images, size, size, 3]` uint8, repeated as often as a batch needs.
        warmup_runs: Inferences of one image in one window of the warm-up, which ends when
        settled: is the most that the median moved from one window to the next,
        most_windows: or after so many.
        runs: Timed inferences of one image, at least; of a larger batch as many fewer as it is
            larger, but 30, unless a time is set too.
        min_s: Seconds that they take together, at least.
    """

    network: NetworkSection
    tags: int
    weights: Path
    contract: Preprocessing
    images: Path
    warmup_runs: int
    settled: float
    most_windows: int
    runs: int
    min_s: float


class Inferred(Record):
    """An inference is done."""

    event: Literal["inferred"] = "inferred"


class BatchTimes(Record):
    """Milliseconds of each inference of so many images at once.

    `warm` tells whether the warm-up before ended because medians had settled.
    """

    batch: int
    warm: bool
    latencies_ms: tuple[float, ...]


class TimingOutcome(Record):
    """What was found; `device` is the GPU's name, empty where there is none."""

    event: Literal["outcome"] = "outcome"
    device: str
    version: str
    batches: tuple[BatchTimes, ...]


Event = Annotated[Inferred | TimingOutcome, Field(discriminator="event")]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
