"""What the dataset stage and `data check` report; both are JSON."""

from typing import ClassVar, Literal

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.recipe import Format
from edgetag.records import Record, Result


class TagCounts(Record):
    """How many images of a split have a tag, lack it, or do not say."""

    positives: int
    negatives: int
    unknown: int


class SplitCounts(Record):
    """Images of one split and its labels by tag, in the vocabulary's order."""

    images: int
    tags: dict[str, TagCounts]


class DroppedImage(Record):
    """A row of the source that is not used, and why."""

    path: str
    reason: str
    detail: str
    where: str = Field(description="File and line or row that lists it.")


class NearDuplicate(Record):
    """An evaluation image and the image of another split that is closest to it."""

    path: str
    split: str
    other_path: str
    other_split: str
    distance_bits: int = Field(description="Hamming distance of the 64-bit perceptual hashes.")


class UnknownTag(Record):
    """A tag of the source that the vocabulary lacks."""

    name: str
    rows: int
    where: str = Field(description="The first place that names it.")


CorrectionOutcome = Literal[
    "changed",
    "confirmed",
    "repeated",
    "conflict",
    "no such picture",
    "no longer the same picture",
    "no single region",
]


class Correction(Record):
    """What became of people's answers about a tag in a picture; a row of `corrections.csv`."""

    identity: str
    path: str
    tag: str
    before: int | None = Field(
        description="The source's label: 1, 0, or None for unknown, also where its rows contradict "
        "each other."
    )
    label: int | None = Field(description="The label now.")
    outcome: CorrectionOutcome = Field(
        description="The label changed, or the answers confirm it, or the source has it of such "
        "answers; people differ, so it stays; or the data have no such picture: none, another one "
        "at its path, or several regions of it."
    )
    by: tuple[str, ...] = Field(description="Who answered.")
    where: tuple[str, ...] = Field(description="Table and line of each answer.")


class CorrectionCounts(Record):
    """What became of all answers."""

    answers: int
    people: tuple[str, ...]
    changed: int = Field(description="Labels that are other than the source's.")
    confirmed: int = Field(description="Labels that are the source's, and a person's.")
    repeated: int = Field(0, description="Labels that the source has of such answers.")
    conflicts: int = Field(description="Labels that stayed, since people differ.")
    astray: int = Field(description="Answers about pictures that the data do not have.")


class DatasetResult(Result):
    """`dataset/summary.json`: what the manifest holds and what was left out."""

    SCHEMA: ClassVar[str] = "edgetag.dataset/1.4"
    source: str = Field(description="Name of the table or folder; data.source says where it lies.")
    format: Format
    listed: int = Field(description="Rows of the source.")
    images: int = Field(description="Rows of the manifest, which are positions in the cache.")
    input_size: int
    splits: dict[str, SplitCounts]
    rejected: dict[str, int] = Field(description="Rows left out, by reason.")
    rejected_share: float = Field(description="Bad rows ÷ rows; repeats are not bad.")
    duplicates: int = Field(description="Rows that repeat an image and do not contradict it.")
    near_duplicates: tuple[NearDuplicate, ...]
    straddling_groups: tuple[str, ...] = Field(description="Groups in more than one split.")
    unknown_tags: tuple[UnknownTag, ...]
    ignored_files: int = Field(description="Files in class folders that are no images by name.")
    cache_fingerprint: str
    corrections: CorrectionCounts | None = Field(None, description="Of data.corrections.")


class CheckReport(Result):
    """What `data check` found; nothing is written."""

    SCHEMA: ClassVar[str] = "edgetag.data-check/1.4"
    source: str
    format: Format
    listed: int
    images: int = Field(description="Images that a run would use.")
    splits: dict[str, SplitCounts]
    dropped: tuple[DroppedImage, ...] = Field(description="Rows that a run would leave out.")
    rejected: dict[str, int]
    rejected_share: float
    near_duplicates: tuple[NearDuplicate, ...]
    straddling_groups: tuple[str, ...]
    unknown_tags: tuple[UnknownTag, ...]
    ignored_files: int
    corrections: tuple[Correction, ...] = Field(
        (), description="What would become of the answers in data.corrections."
    )
    problems: tuple[str, ...] = Field(description="What would stop a run, one sentence each.")
    doubts: tuple[str, ...] = Field(
        (), description="What would likely leave a run undecided, one sentence each."
    )
    advice: tuple[str, ...] = Field(
        (), description="What a run would go on with, but its figures would suffer from."
    )

    @property
    def passed(self) -> bool:
        """Whether a run would start."""
        return not self.problems

    @property
    def exit_code(self) -> ExitCode:
        """What a run would likely end with, as far as the data tell."""
        if self.problems:
            return ExitCode.BAD_INPUT
        return ExitCode.UNDECIDED if self.doubts else ExitCode.ACCEPTED
