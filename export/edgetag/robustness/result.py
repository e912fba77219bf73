"""What `edgetag robustness` leaves: what attacks and noise cost each file.

Drops are of one file, from its scores of the pictures as they are to those of the same pictures
changed, as fractions: 0.01 is one point. Intervals are paired, over groups of pictures.
"""

from collections.abc import Collection
from typing import ClassVar, Literal

from pydantic import Field

from edgetag.judging.checks import Bounds
from edgetag.machine import Acceleration
from edgetag.records import Record, Result

Change = Literal["noise", "fgsm", "pgd"]
"""How pictures are changed; noise moves each value by the budget, up or down by lot."""


class AttackedTag(Record):
    """A scored tag; recall and false positives are at the float model's threshold."""

    tag: str
    positives: int
    ap: float = Field(description="Of the changed pictures.")
    ap_drop: float
    ap_drop_interval: Bounds | None
    recall: float
    recall_drop: float
    recall_drop_interval: Bounds | None
    fpr: float = Field(description="False-positive rate.")
    fpr_rise: float
    fpr_rise_interval: Bounds | None


class Attacked(Record):
    """A file's scores of pictures that were changed in one way."""

    change: Change
    epsilon: int = Field(description="Largest change of a pixel, in steps of 8 bits (of 255).")
    map: float | None = Field(description="Mean average precision; null where no tag is scored.")
    map_drop: float | None
    map_drop_interval: Bounds | None
    turned_wrong: float | None = Field(
        description="Share of the decisions that were right, and are wrong on changed pictures."
    )
    tags: tuple[AttackedTag, ...]


class AttackedFile(Record):
    """What each change costs one file.

    The attacks are made with gradients of the float network. Against its own file that is all an
    attacker could know (white box). Against another one they are transferred, and what they cost is
    a lower bound of what an attack on that very file could.
    """

    variant: str
    sha256: str
    white_box: bool
    map: float | None = Field(description="Of the pictures as they are.")
    under: tuple[Attacked, ...]


class Robustness(Result):
    """`robustness/robustness.json`."""

    SCHEMA: ClassVar[str] = "edgetag.robustness/1.2"
    split: str
    images: int = Field(description="Rare tags among them first: figures are not the split's.")
    groups: int
    n_scored_tags: int
    n_tags: int
    runtime: str
    accelerator: Acceleration | None = Field(
        None, description="What the runtime was asked for, and what ran; null before schema 1.1."
    )
    confidence: float
    steps: int = Field(description="Of pgd.")
    judged_sha256: str = Field(
        "",
        description="Digest of the pictures, labels and thresholds that figures rest on; empty "
        "before schema 1.2.",
    )
    files: tuple[AttackedFile, ...]
    notes: tuple[str, ...] = ()

    def only(self, digests: Collection[str]) -> "Robustness | None":
        """Return what is of some files alone; None where nothing is."""
        files = tuple(file for file in self.files if file.sha256 in digests)
        return self.replace(files=files) if files else None
