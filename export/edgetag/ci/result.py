"""What `edgetag ci export` leaves and tells."""

from typing import ClassVar

from edgetag.judging.decisions import Decision
from edgetag.records import Record, Result
from edgetag.replacing import MadeFolder

RUNS = "runs"
"""What the job's commands leave in the folder."""


class CiFolder(MadeFolder):
    """`ci.json`: what the folder holds.

    Attributes:
        recipe: The recipe's name.
        variant: What the job's file is judged as.
    """

    SCHEMA: ClassVar[str] = "edgetag.ci-folder/1.0"
    MARKER: ClassVar[str] = "ci.json"
    COMMAND: ClassVar[str] = "ci export"
    LEFT_BY_USE: ClassVar[tuple[str, ...]] = (RUNS,)
    recipe: str
    variant: str


class Part(Record):
    """Some of the folder's files and how much they take."""

    name: str
    files: int
    size_bytes: int


class CiExport(Result):
    """What was exported.

    Attributes:
        folder: Where it lies.
        place: Where the workflow expects it, relative to the repository.
        variant: What the job's file is judged as.
        pictures: Split → images in it; regions of one picture count each.
        parts: The files.
        left_out: What the job cannot judge, a sentence each.
        accepted: Whether it holds an accepted state to compare with.
        verdict: What the job decides on the exported file.
        seconds: What the job's first command took here.
    """

    SCHEMA: ClassVar[str] = "edgetag.ci-export/1.0"
    folder: str
    place: str
    variant: str
    pictures: dict[str, int]
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    accepted: bool
    verdict: Decision
    seconds: float
