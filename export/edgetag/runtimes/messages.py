"""What the scoring process is told and what it answers, one JSON line per event."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgetag.catalogue.engines import Accelerator
from edgetag.image_cache import Shards
from edgetag.messages import Refused
from edgetag.pixels import Normalization


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to score.

    Attributes:
        engine: Name of the runtime.
        model: The `.tflite` file.
        cache: Where the image cache lies.
        rows: A `.npy` of row numbers, `[n]` int64.
        scores: Where the scores go: a `.npy`, `[n, tags]` float32.
        contract: How pixels become input.
        threads: For the runtime.
    """

    engine: str
    model: Path
    cache: Shards
    rows: Path
    scores: Path
    contract: Normalization
    threads: int


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The model is ready to run.

    Attributes:
        used: What will run it; None where that is what its engine asks for.
        why: Why that is not what was asked for; empty where it is.
    """

    event: Literal["loaded"] = "loaded"
    used: Accelerator | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """So many images are done."""

    event: Literal["scored"] = "scored"
    images: int


@dataclass(frozen=True, kw_only=True)
class Done:
    """The work is done and all scores are written.

    Both are seconds from the first image to the last: on the clock, and of the process's
    processor time.
    """

    event: Literal["done"] = "done"
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, kw_only=True)
class WrongOutput:
    """The model runs, but what it gives are no scores."""

    event: Literal["wrong_output"] = "wrong_output"
    reason: str


@dataclass(frozen=True, kw_only=True)
class BadInput:
    """Something other than the model is wrong, such as the image cache."""

    event: Literal["bad_input"] = "bad_input"
    message: str


Event = Loaded | Scored | Done | Refused | WrongOutput | BadInput
