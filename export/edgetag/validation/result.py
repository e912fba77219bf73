"""What validation decided, tag by tag and as a whole.

Drops are reference minus variant, as fractions: 0.01 is one point. Numbers that do not exist are
null, never 0: a tag with too few positives is `scored: false` and has none.
"""

from typing import ClassVar, Literal

from edgetag.errors import ExitCode
from edgetag.recipe import Variant
from edgetag.records import Record, Result

Decision = Literal["pass", "fail", "undecided"]
Bounds = tuple[float, float]

EXIT_CODES: dict[Decision, ExitCode] = {
    "pass": ExitCode.ACCEPTED,
    "fail": ExitCode.BUDGET_BROKEN,
    "undecided": ExitCode.UNDECIDED,
}


def worst(decisions: list[Decision]) -> Decision:
    """Return fail if there is one, else undecided if there is one or nothing was decided."""
    if "fail" in decisions:
        return "fail"
    return "undecided" if "undecided" in decisions or not decisions else "pass"


class ReferenceSummary(Record):
    """Where the reference scores come from.

    Attributes:
        engine: What ran the float model.
        device: GPU or CPU that it ran on.
        versions: Package → version.
        weights_sha256: Digest of the weights that were scored.
        map: Split → mAP of the reference, null where no tag is scored.
    """

    engine: str
    device: str
    versions: dict[str, str]
    weights_sha256: str
    map: dict[str, float | None]


class TagVerdict(Record):
    """One tag of one variant on one runtime.

    Attributes:
        tag: Its name.
        scored: Whether the split has enough positives and a negative; without, all is null.
        positives: Images known to have it.
        negatives: Images known not to have it.
        threshold: Score from which it counts as present.
        ap: Average precision.
        ap_drop: From the reference.
        ap_drop_interval: Paired bootstrap.
        f1: At the threshold.
        f1_drop: From the reference.
        f1_drop_interval: Paired bootstrap.
        recall: At the threshold.
        fpr: False positives among negatives, at the threshold.
        flips: Images on whose presence of the tag variant and reference disagree.
        verdict: `ap_drop` against the variant's `max_map_drop`. It informs: the variant is judged
            by its mean over tags.
    """

    tag: str
    scored: bool
    positives: int
    negatives: int
    threshold: float
    ap: float | None = None
    ap_drop: float | None = None
    ap_drop_interval: Bounds | None = None
    f1: float | None = None
    f1_drop: float | None = None
    f1_drop_interval: Bounds | None = None
    recall: float | None = None
    fpr: float | None = None
    flips: int | None = None
    verdict: Decision


class BudgetCheck(Record):
    """One limit of the recipe and what was measured.

    Attributes:
        budget: The recipe's key.
        limit: The recipe's value.
        measured: None where the data cannot tell.
        verdict: Undecided where nothing was measured.
    """

    budget: str
    limit: float
    measured: float | None
    verdict: Decision


class VariantVerdict(Record):
    """A variant on a runtime over a split.

    Attributes:
        variant: Its name.
        runtime: The engine.
        runtime_version: Of the installed engine.
        device: CPU that it ran on.
        split: The images scored.
        decides: Whether this split decides; the others are for information.
        verdict: Worst of `budgets`; undecided where no tag is scored and no budget is broken.
        n_images: Images of the split.
        n_groups: Groups that the bootstrap drew; equals `n_images` where none are named.
        n_scored_tags: Tags with enough positives.
        map: Mean average precision over scored tags.
        map_drop: From the reference.
        map_drop_interval: Paired bootstrap.
        f1: Mean over scored tags.
        f1_drop: From the reference.
        f1_drop_interval: Paired bootstrap.
        flip_rate: Share of decisions that differ from the reference's, over known labels.
        largest_score_difference: Absolute, over known labels.
        mean_score_difference: Absolute, over known labels.
        images_per_s: Rate at which it was scored, one thread; a benchmark measures better.
        size_bytes: Of the file.
        gzip_bytes: Of the file, compressed.
        budgets: What was judged.
        tags: Tag by tag, in the order of the outputs.
    """

    variant: Variant
    runtime: str
    runtime_version: str
    device: str
    split: str
    decides: bool
    verdict: Decision
    n_images: int
    n_groups: int
    n_scored_tags: int
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    f1: float | None
    f1_drop: float | None
    f1_drop_interval: Bounds | None
    flip_rate: float | None
    largest_score_difference: float | None
    mean_score_difference: float | None
    images_per_s: float
    size_bytes: int
    gzip_bytes: int
    budgets: tuple[BudgetCheck, ...]
    tags: tuple[TagVerdict, ...]


class Failure(Record):
    """A variant that a runtime gave no scores for.

    Attributes:
        variant: Its name.
        runtime: The engine.
        runtime_version: None where the engine is not installed.
        kind: `unavailable` (the machine lacks the runtime), `not loadable`, `crashed`,
            `timed out` or `wrong output`.
        reason: One line.
    """

    variant: Variant
    runtime: str
    runtime_version: str | None
    kind: Literal["unavailable", "not loadable", "crashed", "timed out", "wrong output"]
    reason: str


class Verdict(Result):
    """`validate/verdict.json`.

    Attributes:
        verdict: Worst of `decisions`.
        decisions: Variant → worst of its runtimes over the deciding split. A variant that no
            runtime loads fails; one whose runtimes are all missing here is undecided.
        split: The split that decides.
        confidence: Of every interval.
        bootstrap_samples: Behind every interval.
        min_positives: A tag with fewer in a split is not scored there.
        reference: What variants are compared with.
        variants: One entry per variant, runtime and split that was scored.
        failures: One entry per variant and runtime that was not.
    """

    SCHEMA: ClassVar[str] = "edgetag.verdict/1.0"
    verdict: Decision
    decisions: dict[Variant, Decision]
    split: str
    confidence: float
    bootstrap_samples: int
    min_positives: int
    reference: ReferenceSummary
    variants: tuple[VariantVerdict, ...]
    failures: tuple[Failure, ...]

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that the command line ends with."""
        return EXIT_CODES[self.verdict]
