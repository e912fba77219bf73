"""What `edgetag loop compare` says of two runs."""

from typing import ClassVar

from pydantic import Field

from edgetag.records import Record, Result

Interval = tuple[float, float]


class ComparedValue(Record):
    """A measure of the float models of two runs, over the same pictures.

    It changes for two reasons: the labels that it is counted by are others, and the model is.
    """

    before: float | None = Field(
        description="The first run's model by the first run's labels, over the same tags; None "
        "where these do not score them all."
    )
    relabelled: float = Field(description="The first run's model by the second run's labels.")
    after: float = Field(description="The second run's model by the second run's labels.")
    gain: float = Field(description="after − relabelled: what training changed.")
    gain_interval: Interval | None = Field(
        description="Paired, over groups of pictures; None where there is one group."
    )


class ComparedTag(Record):
    """A tag that is scored by the second run's labels."""

    tag: str
    positives: int
    relabelled: int = Field(description="Pictures of which the two runs' labels differ.")
    ap: ComparedValue
    recall: float = Field(description="Of the second run's model at its threshold.")
    recall_gain: float
    recall_gain_interval: Interval | None
    fpr: float = Field(description="False-positive rate, likewise.")
    fpr_gain: float = Field(description="How much lower it is.")
    fpr_gain_interval: Interval | None


class ComparedSplit(Record):
    """A judged split, over the pictures that both runs have in it."""

    split: str
    images: int
    only_before: int = Field(description="Pictures that the first run alone has in the split.")
    only_after: int
    relabelled: int = Field(description="Cells, pictures × tags, whose label differs.")
    cells: int = Field(description="Cells that either run knows.")
    map: ComparedValue | None = Field(description="Mean AP over the tags; None without any.")
    tags: tuple[ComparedTag, ...]
    not_scored: tuple[str, ...] = Field(description="Tags with too few positives, or no negative.")


class LearntFrom(Record):
    """How the labels that the two runs learnt from differ."""

    split: str
    images: int = Field(description="Pictures that both runs have in the split.")
    only_before: int
    only_after: int
    made_known: int = Field(description="Cells that only the second run knows.")
    made_unknown: int = Field(description="Cells that only the first run knows.")
    turned: int = Field(description="Cells that are yes in one run and no in the other.")


class LoopComparison(Result):
    """`edgetag loop compare --json`."""

    SCHEMA: ClassVar[str] = "edgetag.loop-comparison/2.2"
    before: str = Field(description="The first run's folder, as it was named.")
    after: str
    confidence: float
    tags_only_before: tuple[str, ...] = Field(
        default=(), description="Tags that the first run alone has; they are not compared."
    )
    tags_only_after: tuple[str, ...] = ()
    learnt_from: tuple[LearntFrom, ...]
    splits: tuple[ComparedSplit, ...]
