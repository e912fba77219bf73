"""What the scoring process is told and what it answers, one JSON line per event."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from edgetag.contract import Preprocessing
from edgetag.records import Record


class Job(Record):
    """What to score.

    Attributes:
        engine: Name of the runtime.
        model: The `.tflite` file.
        cache: Folder of the image cache.
        rows: A `.npy` of row numbers, `[n]` int64.
        scores: Where the scores go: a `.npy`, `[n, tags]` float32.
        contract: How pixels become input.
        threads: For the runtime.
    """

    engine: str
    model: Path
    cache: Path
    rows: Path
    scores: Path
    contract: Preprocessing
    threads: int = Field(ge=1)


class Loaded(Record):
    """The model is ready to run."""

    event: Literal["loaded"] = "loaded"


class Scored(Record):
    """So many images are done."""

    event: Literal["scored"] = "scored"
    images: int


class Done(Record):
    """The work is done and all scores are written.

    Both are seconds from the first image to the last: on the clock, and of the process's
    processor time.
    """

    event: Literal["done"] = "done"
    seconds: float
    cpu_seconds: float


class Refused(Record):
    """The runtime cannot load or run the model."""

    event: Literal["refused"] = "refused"
    reason: str


class WrongOutput(Record):
    """The model runs, but what it gives are no scores."""

    event: Literal["wrong_output"] = "wrong_output"
    reason: str


class BadInput(Record):
    """Something other than the model is wrong, such as the image cache."""

    event: Literal["bad_input"] = "bad_input"
    message: str


Event = Annotated[
    Loaded | Scored | Done | Refused | WrongOutput | BadInput, Field(discriminator="event")
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
