"""What `edgetag mine` leaves."""

from collections import Counter
from typing import ClassVar, Literal, get_args

import polars as pl

from edgetag.errors import InputError
from edgetag.judging.decisions import Decision, TagDecision
from edgetag.records import Record, Result
from edgetag.workspace import Workspace

Kind = Literal[
    "suspect label",
    "near the threshold",
    "changed by compression",
    "models disagree",
    "far from training",
    "like a confirmed hit",
    "stays when erased",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

NEW = "new"
"""The split of pictures that were named beside the data."""

QUESTIONS = "questions.csv"
"""Training pictures in the order in which answers about all of their tags teach most."""


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
            nor its group; like a confirmed hit: the cosine between the features of both; stays when
            erased: the float model's score of the covered picture; else its score. 0..1.
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


class TagSensitivity(Record):
    """A tag of a file, as it was judged and as if labels that look wrong were.

    Attributes:
        tag: Its name.
        to_no: Labels of the split that say yes and would say no,
        to_yes: and those that say no and would say yes.
        ap_drop: Of average precision, from the float model; a fraction,
        ap_drop_if_wrong: and with these labels turned round; None where it is not scored then.
        recall: At the file's threshold.
        recall_if_wrong: Likewise.
        recall_drop: From the float model.
        recall_drop_if_wrong: Likewise.
        verdict: The decision,
        verdict_if_wrong: and with these labels turned round.
    """

    tag: str
    to_no: int
    to_yes: int
    ap_drop: float | None
    ap_drop_if_wrong: float | None
    recall: float | None
    recall_if_wrong: float | None
    recall_drop: float | None
    recall_drop_if_wrong: float | None
    verdict: TagDecision
    verdict_if_wrong: TagDecision


class Sensitivity(Record):
    """What a file's verdict would be if labels that look wrong were wrong.

    Attributes:
        variant: The file.
        split: The one that decides.
        map_drop: Of mean average precision, from the float model; a fraction,
        map_drop_if_wrong: and with these labels turned round.
        verdict: The decision,
        verdict_if_wrong: and with these labels turned round.
        tags: Of which labels were turned round, or whose decision would be another one.
    """

    variant: str
    split: str
    map_drop: float | None
    map_drop_if_wrong: float | None
    verdict: Decision
    verdict_if_wrong: Decision
    tags: tuple[TagSensitivity, ...]

    @property
    def changes(self) -> bool:
        """Whether the decision would be another one."""
        return self.verdict != self.verdict_if_wrong


class MineResult(Result):
    """`mine/mine.json`.

    Attributes:
        features: Whose features suspects are judged by: `pretrained`, a network that never saw
            these labels, or `trained`.
        folds: Parts of the pictures; each is judged by a model of the others.
        tags: Of every tag.
        findings: By rank.
        erased: Pictures of which the hottest part was covered; None where that was not asked.
        sensitivity: Of every file that a verdict judges.
        absent: Kind → why nothing of it could be looked for.
        notes: What else could not be done, a sentence each.
        versions: Of the packages that computed it.
    """

    SCHEMA: ClassVar[str] = "edgetag.mine/1.1"
    features: Literal["pretrained", "trained"]
    folds: int
    tags: tuple[MinedTag, ...]
    findings: tuple[Finding, ...]
    absent: dict[Kind, str]
    notes: tuple[str, ...] = ()
    erased: int | None = None
    sensitivity: tuple[Sensitivity, ...] = ()
    versions: dict[str, str]

    @property
    def kinds(self) -> dict[Kind, int]:
        """How many findings there are of each kind."""
        counted = Counter(finding.kind for finding in self.findings)
        return {kind: counted[kind] for kind in KINDS if kind not in self.absent}


def read_questions(workspace: Workspace) -> tuple[str, ...]:
    """Return the identities of pictures in the order of `mine/questions.csv`; none without it.

    Raises:
        InputError: The file is damaged.
    """
    path = workspace.mine / QUESTIONS
    if not path.exists():
        return ()
    try:
        texts = {"identity": pl.String}
        table = pl.read_csv(path, columns=["identity"], schema_overrides=texts, glob=False)
        return tuple(table["identity"].drop_nulls())
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: damaged ({reason}); run: edgetag mine") from None
