"""What `edgetag mine` leaves."""

from collections import Counter
from typing import ClassVar, Literal, get_args

from edgetag.records import Record, Result

Kind = Literal["suspect label", "near the threshold", "changed by compression"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Finding(Record):
    """A picture and a tag that deserve a look.

    Attributes:
        rank: From 1, over all kinds and tags: those of rank 1 to n are the n to look at first.
        kind: Why it is here.
        path: The picture, relative to the data root; absolute where it is new,
        identity: its name in the manifest,
        split: and its split; `new` for a picture that was named beside the data.
        tag: The tag in question.
        label: What the data says of it; None is unknown.
        score: suspect label: the probability of the tag by models that saw neither the picture
            nor its group; else the float model's score, 0..1.
        why: A sentence.
    """

    rank: int
    kind: Kind
    path: str
    identity: str
    split: str
    tag: str
    label: bool | None
    score: float
    why: str


class MinedTag(Record):
    """What the labels of a tag look like.

    Attributes:
        tag: Its name.
        labels: Pictures of which it is known.
        positives: How many of them have it.
        suspects: How many labels confident learning estimates to be wrong; None where there are
            too few of either kind to tell.
        not_judged: Why there is no estimate.
    """

    tag: str
    labels: int
    positives: int
    suspects: int | None = None
    not_judged: str = ""


class MineResult(Result):
    """`mine/mine.json`.

    Attributes:
        features: Whose features suspects are judged by: `pretrained`, a network that never saw
            these labels, or `trained`.
        folds: Parts of the pictures; each is judged by a model of the others.
        tags: Of every tag.
        findings: By rank.
        absent: Kind → why nothing of it could be looked for.
        versions: Of the packages that computed it.
    """

    SCHEMA: ClassVar[str] = "edgetag.mine/1.1"
    features: Literal["pretrained", "trained"]
    folds: int
    tags: tuple[MinedTag, ...]
    findings: tuple[Finding, ...]
    absent: dict[Kind, str]
    versions: dict[str, str]

    @property
    def kinds(self) -> dict[Kind, int]:
        """How many findings there are of each kind."""
        counted = Counter(finding.kind for finding in self.findings)
        return {kind: counted[kind] for kind in KINDS if kind not in self.absent}
