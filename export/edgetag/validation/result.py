"""What validation decided, tag by tag and as a whole.

Drops are reference minus variant and rises are variant minus reference, as fractions: 0.01 is one
point. Numbers that do not exist are null, never 0: a tag with too few positives is
`scored: false` and has none.
"""

from typing import ClassVar, Literal

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.judging.checks import Bounds, Check
from edgetag.judging.decisions import EXIT_CODES, Decision, TagDecision
from edgetag.machine import Acceleration, Machine
from edgetag.recipe import limits_of
from edgetag.records import Record, Result
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.pictures_result import PicturesComparison

ON_ACCURACY = frozenset(limits_of("accuracy"))
"""Limits of what a file answers; the others are of what it costs and shows beside."""


class ReferenceSummary(Record):
    """Where the reference scores come from.

    Attributes:
        engine: What ran the float model.
        accelerator: What it was asked for, and what ran; null before schema 2.8, and where the
            reference does not say.
        device: GPU or CPU that it ran on.
        versions: Package → version.
        weights_sha256: Digest of the weights that were scored.
        scores_sha256: Digest of the scores of the judged images.
        map: Split → mAP of the reference, null where no tag is scored.
    """

    engine: str
    accelerator: Acceleration | None = None
    device: str
    versions: dict[str, str]
    weights_sha256: str
    scores_sha256: str
    map: dict[str, float | None]


class Operating(Record):
    """How well one tag's scores serve at points that an app may choose.

    Attributes:
        recall_at_fpr: Highest recall whose false-positive rate is within `at_fpr`.
        fpr_at_recall: Lowest false-positive rate whose recall reaches `at_recall`.
        precision_at_prevalence: Of decisions at the threshold, were the tag as frequent as
            the recipe states; null where nothing is decided present.
        calibration_error: Expected calibration error: the mean distance of scores from the share
            of positives among equal scores, in bins of equal width.
    """

    recall_at_fpr: float
    fpr_at_recall: float
    precision_at_prevalence: float | None
    calibration_error: float


class OperatingCurve(Record):
    """How many images reach a score of 0.01, 0.02, … 0.99: what any such threshold would decide.

    Attributes:
        positives: Of the images that have the tag,
        negatives: and of those that have it not.
    """

    positives: tuple[int, ...]
    negatives: tuple[int, ...]


class TagVerdict(Record):
    """One tag of one variant on one runtime.

    Attributes:
        tag: Its name.
        scored: Whether the split has enough positives and a negative; without, all is null.
        positives: Images known to have it.
        negatives: Images known not to have it.
        threshold: Score from which it counts as present for this variant.
        reference_threshold: And for the reference.
        ap: Average precision.
        ap_drop: From the reference.
        ap_drop_interval: Paired bootstrap.
        f1: At the threshold.
        f1_drop: From the reference.
        f1_drop_interval: Paired bootstrap.
        f1_gain: What the variant's own threshold brings against the reference's.
        recall: At the threshold.
        recall_drop: From the reference.
        recall_drop_interval: Tango's score interval for paired proportions.
        fpr: False positives among negatives, at the threshold.
        fpr_rise: From the reference.
        fpr_rise_interval: Tango's score interval for paired proportions.
        flips: Images on whose presence of the tag variant and reference disagree.
        lost: Images among these that the reference alone decides present,
        gained: and those that the variant alone does.
        flips_of_positives: Flips on images that have the tag.
        mcnemar_p: Exact McNemar test that right decisions became wrong as often as wrong ones
            right.
        mcnemar_p_holm: By Holm's correction over the scored tags.
        operating: Operating point of the variant.
        reference_operating: Operating point of the reference.
        curve: Of the variant, over the split that decides; null over others and before schema 2.4.
        checks: The tag's margins; where it is not scored, those that the recipe sets for it by
            name, all undecided. None of the latter before schema 2.10.
        verdict: Worst of `checks`; where there are none, "not judged", or "not scored".
    """

    tag: str
    scored: bool
    positives: int
    negatives: int
    threshold: float
    reference_threshold: float
    ap: float | None = None
    ap_drop: float | None = None
    ap_drop_interval: Bounds | None = None
    f1: float | None = None
    f1_drop: float | None = None
    f1_drop_interval: Bounds | None = None
    f1_gain: float | None = None
    recall: float | None = None
    recall_drop: float | None = None
    recall_drop_interval: Bounds | None = None
    fpr: float | None = None
    fpr_rise: float | None = None
    fpr_rise_interval: Bounds | None = None
    flips: int | None = None
    lost: int | None = None
    gained: int | None = None
    flips_of_positives: int | None = None
    mcnemar_p: float | None = None
    mcnemar_p_holm: float | None = None
    operating: Operating | None = None
    reference_operating: Operating | None = None
    curve: OperatingCurve | None = None
    checks: tuple[Check, ...] = ()
    verdict: TagDecision


LossMeasure = Literal["map", "recall", "fpr", "f1", "ap"]


class Loss(Record):
    """Something that a file has lost beyond chance; see `validation.losses` for how sure that is.

    Attributes:
        tag: None for the mean over tags.
        measure: What got worse; `fpr` rose, the others fell.
        drop: By how much, above 0.
        interval: Interval of `drop`, as beside the measure itself.
        p_holm: For a tag's measure, the chance to see so much or more if nothing were lost, by
            Holm's correction over all tags' measures of this file, runtime and split that images
            of more than one group tell of.
        within_margin: Whether margins of the recipe allow it and are kept. F1 has none of its own;
            those of recall and false positives stand for it.
    """

    tag: str | None
    measure: LossMeasure
    drop: float
    interval: Bounds | None
    p_holm: float | None
    within_margin: bool


class VariantVerdict(Record):
    """A variant on a runtime over a split.

    Attributes:
        variant: Its name.
        origin: Whether edgetag exported it, or `edgetag validate file` was given it.
        stands_for: The variant whose budgets hold for a file made elsewhere, and whose
            accepted state it is compared with; null for the run's own variants.
        sha256: Digest of the file.
        runtime: The engine.
        runtime_version: Version of the installed engine.
        accelerator: What was asked for, and what ran; null before schema 2.6.
        device: CPU that it ran on.
        split: The images scored.
        decides: Whether this split decides; the others are for information.
        verdict: Worst of `budgets` and of the tags' checks; undecided where no tag is scored and
            no budget is broken, not judged where none of them limits accuracy and none is broken.
        n_images: Images of the split.
        n_groups: Groups that the bootstrap drew; equals `n_images` where none are named.
        design_effect: How many images of a group tell as much as one alone, at least 1; intervals
            of recall and false-positive rate are widened by it.
        n_scored_tags: Tags with enough positives.
        map: Mean average precision over scored tags.
        map_drop: From the reference.
        map_drop_interval: Paired bootstrap.
        f1: Mean over scored tags.
        f1_drop: From the reference.
        f1_drop_interval: Paired bootstrap.
        f1_gain: What the variant's own thresholds bring against the reference's.
        flip_rate: Share of decisions that differ from the reference's, over known labels.
        flips: And their number.
        largest_score_difference: Absolute, over known labels.
        mean_score_difference: Absolute, over known labels.
        logit_rmse: Root mean square of the difference of logits from the reference's, over all
            images and tags, scores clipped to `metrics.SURE`; null before schema 2.4.
        logit_rmse_interval: Bootstrap over groups.
        calibration_error: Mean over scored tags.
        reference_calibration_error: Likewise, of the reference.
        scores_sha256: Digest of the scores.
        images_per_s: Rate at which it was scored, one thread; a benchmark measures better.
        size_bytes: Bytes of the file.
        gzip_bytes: Bytes of the file, compressed.
        budgets: What was judged over all tags.
        tags: Tag by tag, in the order of the outputs.
        losses: What got worse beyond chance, judged or not, the mean over tags first.
        heat_maps: Of a file with the signature `explain`, on the split that decides; null where
            there are none to compare.
    """

    variant: str
    origin: Literal["export", "external"] = "export"
    stands_for: str | None = None
    sha256: str
    runtime: str
    runtime_version: str
    accelerator: Acceleration | None = None
    device: str
    split: str
    decides: bool
    verdict: Decision
    n_images: int
    n_groups: int
    design_effect: float
    n_scored_tags: int
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    f1: float | None
    f1_drop: float | None
    f1_drop_interval: Bounds | None
    f1_gain: float | None
    flip_rate: float | None
    flips: int
    largest_score_difference: float | None
    mean_score_difference: float | None
    logit_rmse: float | None = None
    logit_rmse_interval: Bounds | None = None
    calibration_error: float | None
    reference_calibration_error: float | None
    scores_sha256: str
    images_per_s: float
    size_bytes: int
    gzip_bytes: int
    budgets: tuple[Check, ...]
    tags: tuple[TagVerdict, ...]
    losses: tuple[Loss, ...] = ()
    heat_maps: HeatMaps | None = None

    @property
    def limits_accuracy(self) -> bool:
        """Whether any limit on accuracy was judged; without one nothing passes."""
        checks = (*self.budgets, *(check for tag in self.tags for check in tag.checks))
        return any(check.budget in ON_ACCURACY for check in checks)


class Failure(Record):
    """A variant that a runtime gave no scores for.

    Attributes:
        variant: Its name.
        runtime: The engine.
        runtime_version: None where the engine is not installed.
        accelerator: What was asked for, and that nothing ran; null before schema 2.6.
        kind: `unavailable` (the machine lacks the runtime), `not loadable`, `crashed`,
            `timed out` or `wrong output`.
        reason: One line.
    """

    variant: str
    runtime: str
    runtime_version: str | None
    accelerator: Acceleration | None = None
    kind: Literal["unavailable", "not loadable", "crashed", "timed out", "wrong output"]
    reason: str

    @property
    def decides(self) -> bool:
        """Whether the file fails for it, whatever another runtime gave.

        A runtime that refuses a file may be too old for it, and apps with it do not start to run
        it: the others decide. One that crashes, hangs or gives other numbers would do so in apps.
        """
        return self.kind in ("crashed", "timed out", "wrong output")


class RuntimeAgreement(Record):
    """A variant on a runtime that answers as the first one does, as far as some pictures tell.

    Attributes:
        variant: Its name.
        runtime: The engine.
        runtime_version: Of the installed engine.
        accelerator: What was asked for, and what ran; null before schema 2.6.
        images: Pictures that it scored, evenly spread over those that are judged.
        judged_images: And how many those are, of all splits, which the first runtime scored.
        differing_images: Pictures with another decision than on the first runtime.
        most_differing: Share of all pictures that this leaves open, one-sided, at the verdict's
            confidence; about 3/images where none differs.
        decisions: On these pictures, by every tag; before schema 2.10, on known labels alone, and
            so were `differing_images` and `flips`.
        flips: Decisions that are others.
        largest_score_difference: Absolute.
        scores_sha256: Digest of the scores.
    """

    variant: str
    runtime: str
    runtime_version: str
    accelerator: Acceleration | None = None
    images: int
    judged_images: int
    differing_images: int
    most_differing: float
    decisions: int
    flips: int
    largest_score_difference: float
    scores_sha256: str


class Verdict(Result):
    """`validate/verdict.json`.

    Attributes:
        verdict: Worst of `decisions` but those of `passed_over`, and of the baseline's verdict;
            "not judged" is never accepted.
        decisions: Variant → worst of its runtimes over the deciding split. A variant that no
            runtime loads fails, and so does one that breaks any (`Failure.decides`); one whose
            runtimes are all missing here is undecided.
        passed_over: Variants that do not pass and decide nothing: full-integer files where one of
            `export.if_needed` passes, or the latter where one of the former does; none that the
            bundle names.
        recipe: The recipe's name.
        tags: The vocabulary, in the order of the outputs.
        split: The split that decides.
        confidence: Confidence of every interval.
        bootstrap_samples: Behind every interval.
        min_positives: A tag with fewer in a split is not scored there.
        at_fpr: Where `recall_at_fpr` is taken.
        at_recall: Where `fpr_at_recall` is taken.
        prevalence: Tag → share behind `precision_at_prevalence`.
        images_sha256: Digest of the judged images' identities.
        machine: Where the variants ran.
        confined_by: What kept processes that run files from all but their job, such as
            "Landlock 7"; "nothing" where the kernel has none; empty before schema 2.5. Runtimes
            elsewhere (`litert@arm64`, WebAssembly) are not confined.
        versions: Package → version of what judged them.
        reference: What variants are compared with.
        thresholds: Variant → tag → threshold that it was judged by and ships with.
        judged_by: Variant → digest of all that decided what is said of it: its file, the images,
            labels and groups, the reference, the settings, the code, the packages, the
            processor. Empty before schema 2.2.
        variants: One entry per variant, runtime and split that was scored.
        failures: One entry per variant and runtime that was not.
        agreements: One entry per variant and runtime that scored but some pictures, as the recipe
            says, and gave no reason to look at all. Empty before schema 2.3.
        baseline: What changed since the accepted state; None where there is none.
        pictures: Which pictures and labels changed since the reference was made elsewhere; None
            where it was made in this run folder.
    """

    SCHEMA: ClassVar[str] = "edgetag.verdict/2.10"
    verdict: Decision
    decisions: dict[str, Decision]
    passed_over: tuple[str, ...] = ()
    recipe: str
    tags: tuple[str, ...]
    split: str
    confidence: float
    bootstrap_samples: int
    min_positives: int
    at_fpr: float
    at_recall: float
    prevalence: dict[str, float]
    images_sha256: str
    machine: Machine
    confined_by: str = ""
    versions: dict[str, str]
    reference: ReferenceSummary
    thresholds: dict[str, dict[str, float]]
    judged_by: dict[str, str] = Field(default_factory=dict)
    variants: tuple[VariantVerdict, ...]
    failures: tuple[Failure, ...]
    agreements: tuple[RuntimeAgreement, ...] = ()
    baseline: BaselineComparison | None = None
    pictures: PicturesComparison | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that the command line ends with."""
        return EXIT_CODES[self.verdict]

    def digests_of(self, variant: str) -> set[str]:
        """Return the digests of the files that were scored under a name; one, or none."""
        return {entry.sha256 for entry in self.variants if entry.variant == variant}
