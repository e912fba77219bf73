"""What `edgetag ci export` leaves and tells."""

from typing import ClassVar

from edgetag.judging.decisions import Decision
from edgetag.records import Record, Result

MARKER = "ci.json"
"""Tells a folder that may be replaced from one that may not."""


class CiFolder(Result):
    """`ci.json`: what the folder holds, so that it can be replaced and nothing else is.

    Attributes:
        recipe: The recipe's name.
        variant: What the job's file is judged as.
        files: File relative to the folder → SHA-256; the marker itself is not among them.
    """

    SCHEMA: ClassVar[str] = "edgetag.ci-folder/1.0"
    recipe: str
    variant: str
    files: dict[str, str]


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
