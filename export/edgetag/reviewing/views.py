"""What the page asks for, and what it is told: pictures, findings, answers, progress."""

from dataclasses import dataclass

from pydantic import Field

from edgetag.records import Record

WHOLE = "whole pictures"
"""A kind beside those of findings: pictures of which all tags are asked, by what answers teach."""

CONTESTED = "contested label"
"""Another: rows of the source contradict each other about it, and nobody has decided."""


class FindingView(Record):
    """Why a picture deserves a look, as `edgetag mine` says."""

    rank: int
    kind: str
    tag: str
    why: str


class Said(Record):
    """A person's last answer about a tag of a picture."""

    tag: str
    label: int | None
    by: str
    at: str
    earlier: bool = Field(False, description="Of the recipe's corrections, not of this review.")


class PictureView(Record):
    """A picture as the page shows it; labels are in the vocabulary's order: 1, 0 or None."""

    identity: str
    path: str
    split: str
    labels: tuple[int | None, ...]
    differ: tuple[str, ...]
    said: tuple[Said, ...]
    findings: tuple[FindingView, ...]


class Progress(Record):
    """How far the review is."""

    pictures: int
    answered_pictures: int = Field(description="Here, or in the recipe's corrections.")
    findings: int
    answered_findings: int = Field(description="Here: findings are of labels as corrected.")
    disagreements: int
    people: dict[str, int] = Field(description="Who answered how often, here.")
    strangers: int


@dataclass(frozen=True)
class Filter:
    """Which pictures are asked for; empty texts do not matter.

    Attributes:
        tag: Those that have it, or a finding about it.
        label: With a tag: those whose label is `1`, `0` or `unknown`.
        split: Those of a split.
        source: Those of a folder: the first part of their path.
        kind: Those with a finding of a kind, about the tag where one is named; or `WHOLE`.
        state: `open`: with a finding that nobody answered here, or without findings and answers;
            of whole pictures those with a tag that nobody answered. `answered`; `disagreement`:
            people differ. With a tag all of it is about that tag, but of whole pictures.
    """

    tag: str = ""
    label: str = ""
    split: str = ""
    source: str = ""
    kind: str = ""
    state: str = ""
