"""What `edgetag validate plan` prints."""

from typing import ClassVar, Literal

from edgetag.records import Record, Result


class Need(Record):
    """How many images one margin takes.

    Attributes:
        tag: None for the margin of the mean over tags.
        budget: The recipe's key.
        margin: Its value.
        of: What kind of images count.
        have: How many the split has.
        needed: How many show the margin with the power asked for, if the true difference is 0, or
            the measured one where the verdict is open; None if no number that can be labelled does.
        images: Images that the split then has, as frequent as the kind is now; None where there is
            none.
        in_all: And all splits together, at this one's share; None where that is not known.
        flips: Share of decisions taken to flip.
        decides: How so many decide; "fail" where the verdict is open and what it measured lies
            beyond the margin.
    """

    tag: str | None
    budget: str
    margin: float
    of: Literal["images", "positives", "negatives"]
    have: int
    needed: int | None
    images: int | None
    in_all: int | None = None
    flips: float | None
    decides: Literal["pass", "fail"] = "pass"


class Plan(Result):
    """How many images a verdict takes.

    Attributes:
        variant: Whose margins these are.
        split: The split that decides.
        images: How many it has.
        power: Chance to show a margin that is truly kept.
        confidence: Confidence of intervals.
        measured: Whether a verdict told how often decisions flip.
        assumed_flips: Their share where none did.
        needs: One per margin.
    """

    SCHEMA: ClassVar[str] = "edgetag.plan/1.1"
    variant: str
    split: str
    images: int
    power: float
    confidence: float
    measured: bool
    assumed_flips: float
    needs: tuple[Need, ...]
