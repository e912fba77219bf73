"""What the stage and its child processes say to each other.

The child is given one `Job` and answers with a `Beat` for each step it finished, and at last with
an `Outcome`. Before each step that runs foreign code it writes which model it is about to load or
run into the marker file, so that the parent knows whom to blame for a crash or a hang.
"""

from dataclasses import dataclass
from typing import Literal

from edgetag.pixels import Normalization

LOADS = 5
"""How often each file is loaded for the load time."""

Doing = Literal["starting", "loading", "running"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one child does.

    Attributes:
        task: `probe` loads and runs one model and tells its memory; `time` times all models.
        runtime: The engine's name.
        threads: Given to the engine.
        models: Absolute paths of `.tflite` files.
        images: A `.npy` file, `[images, size, size, 3]` uint8.
        contract: From pixels to the model's input.
        warmup_runs: Inferences of each model in one window of the warm-up; see `child.warm_up`.
        runs: Timed inferences of each model, at least.
        min_s: Seconds that each model's timed inferences take together, at least.
        seed: Seed of the order of models within a round.
        marker: The file that says what the child is at.
    """

    task: Literal["probe", "time"]
    runtime: str
    threads: int
    models: tuple[str, ...]
    images: str
    contract: Normalization
    warmup_runs: int
    runs: int
    min_s: float = 0.0
    seed: int
    marker: str


@dataclass(frozen=True, kw_only=True)
class Beat:
    """A step is done; `share` in 0..1 is how much of what is timed is."""

    event: Literal["beat"] = "beat"
    share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a child found, by position in `Job.models`; None for a model with a reason.

    Attributes:
        reasons: Why a model could not be loaded or run; None where it could.
        load_ms: Median over loads.
        latencies_ms: In the order they were taken.
        warmup_runs: Inferences of each model before the first timed one.
        warm: Whether the model's latencies had settled when the warm-up ended.
        peak_memory_bytes: Only from `probe`.
    """

    event: Literal["outcome"] = "outcome"
    reasons: tuple[str | None, ...]
    load_ms: tuple[float | None, ...] = ()
    latencies_ms: tuple[tuple[float, ...] | None, ...] = ()
    warmup_runs: int = 0
    warm: tuple[bool, ...] = ()
    peak_memory_bytes: int | None = None


Event = Beat | Outcome

MARKER_BYTES = 13
"""Length of what the marker file holds: what the child is doing and a position of `Job.models`."""


def marker_text(doing: Doing, model: int) -> bytes:
    """Return the marker file's content."""
    return f"{doing:8}{model:5}".encode()


def read_marker(text: bytes) -> tuple[Doing, int]:
    """Return what `marker_text` was given; `starting` where nothing was written yet."""
    if len(text) != MARKER_BYTES:
        return "starting", 0
    for doing in ("loading", "running"):
        if text.decode().startswith(doing):
            return ("loading" if doing == "loading" else "running"), int(text[8:])
    return "starting", 0
