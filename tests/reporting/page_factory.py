"""Results with every field filled, some of them hostile, for tests of the page."""

from pathlib import Path

import numpy as np

from edgetag.benchmarking.result import BenchResult, MissingRuntime
from edgetag.benchmarking.result import BudgetCheck as BenchCheck
from edgetag.conversion.result import ExportResult
from edgetag.dataset.result import (
    DatasetResult,
    DroppedImage,
    NearDuplicate,
    SplitCounts,
    TagCounts,
)
from edgetag.dataset.view import Rows
from edgetag.explaining.result import (
    Blame,
    Explanation,
    LayerError,
    MistakeCost,
    PreprocessingDrift,
)
from edgetag.judging.checks import Check, Needs
from edgetag.preprocess import Pixels
from edgetag.recipe import parse_recipe
from edgetag.reporting.findings import find
from edgetag.reporting.float_model import FloatModel, exclusive_tags
from edgetag.reporting.result import ReportResult
from edgetag.reporting.rows import (
    budget_rows,
    failure_rows,
    shown_runtime,
    tag_budget_rows,
    variant_rows,
)
from edgetag.reporting.sources import PackedBundle, Sources
from edgetag.shipping import choose
from edgetag.validation.baseline_result import BaselineChange, BaselineComparison
from edgetag.validation.details import (
    CalibrationBin,
    Change,
    Curve,
    Details,
    TagCurves,
    VariantDetails,
)
from edgetag.validation.metrics import Measured
from edgetag.validation.result import (
    Failure,
    Operating,
    TagVerdict,
    VariantVerdict,
    Verdict,
)
from tests.support import made_results
from tests.support.made_results import dataset_result, exported, measured
from tests.support.splits import split_over

SCRIPT = "<script>alert(1)</script>"
BREAKOUT = "\"'><img src=x onerror=alert(2)>"
TAGS = (SCRIPT, "$\\frac{眼鏡", "quiet", "rare")
"""An attack; bad mathematics in a script that matplotlib's font lacks; unjudged; not scored."""

RECIPE = """
name = "page-test"
[data]
source = "table.csv"
tags = ["cat", "dog"]
[export]
variants = ["fp32", "int8"]
[bundle]
variant = "int8"
"""
MACHINE = made_results.MACHINE.replace(system=f"Linux {BREAKOUT}", cpu=f"A CPU {BREAKOUT}")
UNDECIDED = Check(
    budget="max_recall_drop",
    limit=0.03,
    measured=0.025,
    interval=(-0.01, 0.06),
    p_fail=0.3,
    verdict="undecided",
    needs=Needs(more=1234, of="positives"),
)
BROKEN = Check(
    budget="max_fpr_rise",
    limit=0.02,
    measured=0.05,
    interval=(0.03, 0.07),
    p_fail=0.9,
    verdict="fail",
)


def operating(error: float) -> Operating:
    return Operating(
        recall_at_fpr=0.71,
        fpr_at_recall=0.12,
        precision_at_prevalence=None,
        calibration_error=error,
    )


def scored_tag(tag: str, drop: float, checks: tuple[Check, ...]) -> TagVerdict:
    verdicts = [check.verdict for check in checks]
    plain = made_results.tag(tag, scored=True, drop=drop, half_width=0.02)
    return plain.replace(
        recall_drop=UNDECIDED.measured,
        recall_drop_interval=UNDECIDED.interval,
        fpr_rise=BROKEN.measured,
        fpr_rise_interval=BROKEN.interval,
        flips=5,
        lost=3,
        gained=2,
        mcnemar_p=0.0001,
        mcnemar_p_holm=0.0004,
        threshold=0.412,
        reference_threshold=0.401,
        operating=operating(0.031),
        reference_operating=operating(0.022),
        checks=checks,
        verdict="not judged" if not verdicts else "fail" if "fail" in verdicts else "undecided",
    )


def scored(
    variant: str,
    runtime: str = "litert",
    split: str = "test",
    *,
    drop: float = 0.0,
    size_bytes: int = 13_530_000,
) -> VariantVerdict:
    checks = (UNDECIDED, BROKEN) if variant == "int8" else ()
    return made_results.scored(variant, runtime, split, drop).replace(
        verdict="fail" if checks else "pass",
        n_images=1354,
        n_scored_tags=3,
        size_bytes=size_bytes,
        gzip_bytes=size_bytes * 9 // 10,
        budgets=(),
        tags=(
            scored_tag(TAGS[0], drop, checks),
            scored_tag(TAGS[1], 2 * drop, checks[:1]),
            scored_tag(TAGS[2], 0.0, ()),
            made_results.tag(TAGS[3], scored=False, drop=0.0),
        ),
    )


def details_of(variant: str) -> VariantDetails:
    before = Curve(precision=(1.0, 0.8, 0.5), recall=(0.1, 0.6, 1.0))
    after = Curve(precision=(1.0, 0.7, 0.4), recall=(0.1, 0.5, 1.0))
    bins = (
        CalibrationBin(images=900, mean_score=0.05, positive_share=0.01),
        CalibrationBin(images=0, mean_score=0.0, positive_share=0.0),
        CalibrationBin(images=40, mean_score=0.9, positive_share=0.8),
    )
    curves = tuple(
        TagCurves(
            tag=tag, before=before, after=after, calibration_before=bins, calibration_after=bins
        )
        for tag in TAGS[:3]
    )
    changes = tuple(
        Change(
            tag=TAGS[row % 3],
            identity=f"{row:064x}",
            path=f"images/{row}{BREAKOUT}.png",
            row=row,
            label=row % 2 == 0,
            before=0.9 - row / 100,
            after=0.2,
            reference_threshold=0.401,
            threshold=0.412,
            certainty=0.499 - row / 100,
        )
        for row in range(30)
    )
    return VariantDetails(
        variant=variant, runtime="litert", curves=curves, changes=changes, n_changes=1015
    )


def explanation() -> Explanation:
    layers = tuple(
        LayerError(
            index=index,
            name=f"block{index}/{SCRIPT}",
            operator="CONV_2D",
            error=0.3 - index / 100,
            added=0.2 - index / 100,
        )
        for index in range(15)
    )
    mistakes = (
        MistakeCost(
            mistake="bgr",
            images_changed=299,
            what=f"Swaps the channels {BREAKOUT}.",
            sign="Colours are confused.",
            map=0.7,
            map_drop=0.1,
            map_drop_interval=(0.08, 0.12),
            flip_rate=0.2,
            mean_score_difference=0.1,
            tags_hurt=(TAGS[0],),
        ),
        MistakeCost(
            mistake="jpeg",
            images_changed=300,
            what="Encodes again.",
            sign="Little.",
            map=None,
            map_drop=None,
            map_drop_interval=None,
            flip_rate=None,
            mean_score_difference=0.01,
            tags_hurt=(),
        ),
    )
    return Explanation(
        blame=(Blame(variant="int8", runtime="litert", images=32, layers=layers),),
        preprocessing=(
            PreprocessingDrift(
                variant="int8",
                runtime="litert",
                split="test",
                images=300,
                n_scored_tags=3,
                map=0.8,
                mistakes=mistakes,
                without_effect=("stretch",),
            ),
        ),
        notes=(f"left out {SCRIPT}",),
    )


def baseline() -> BaselineComparison:
    return BaselineComparison(
        file=f"models/x/{BREAKOUT}.json",
        accepted_at="2025-01-10",
        reason=f"Because {SCRIPT}",
        same_reference=True,
        same_scores=False,
        changes=(
            BaselineChange(
                variant="int8",
                runtime="litert",
                what="map",
                accepted=0.8,
                measured=0.783,
                tolerance=0.002,
                change="worse",
            ),
            BaselineChange(
                variant="int8",
                runtime="litert",
                what="ap of quiet",
                accepted=None,
                measured=0.9,
                tolerance=0.01,
                change="new",
            ),
        ),
        verdict="fail",
    )


def make_verdict() -> Verdict:
    entries = (
        scored("fp32"),
        scored("int8", drop=0.017, size_bytes=3_970_000),
        scored("int8", "tflite-runtime", drop=0.02, size_bytes=3_970_000),
        scored("int8", split="test_style", drop=0.03, size_bytes=3_970_000),
        scored(f"other{SCRIPT}", drop=0.01, size_bytes=3_500_000),
    )
    failure = Failure(
        variant="fp32",
        runtime="tflite-runtime",
        runtime_version=None,
        kind="unavailable",
        reason=f"missing {SCRIPT}",
    )
    plain = made_results.make_verdict(entries, (failure,))
    return plain.replace(
        recipe="page-test",
        tags=TAGS,
        prevalence=dict.fromkeys(TAGS, 0.01),
        machine=MACHINE,
        versions={"edgetag": "0.1.0", "scipy": BREAKOUT},
        reference=plain.reference.replace(device=f"GPU {BREAKOUT}"),
        thresholds={"int8": dict.fromkeys(TAGS, 0.412)},
        baseline=baseline(),
    )


def make_report(sources: Sources) -> ReportResult:
    """Join the rows as the report stage does."""
    recipe, verdict, bench = sources.recipe, sources.verdict, sources.bench
    rows = variant_rows(recipe, verdict, sources.exported, bench)
    shipping = choose(recipe, verdict, bench)
    return ReportResult(
        file="report/summary.md",
        junit="report/junit.xml",
        verdict=verdict.verdict,
        ships=shipping.variants,
        leading=shipping.leading,
        split=verdict.split,
        runtime=shown_runtime(recipe, rows),
        variants=rows,
        budgets=budget_rows(verdict, bench),
        tag_budgets=tag_budget_rows(verdict),
        failures=failure_rows(verdict, bench),
        findings=find(verdict, bench, "int8"),
        baseline=verdict.baseline,
    )


def thumbnails(rows: Rows) -> Pixels:
    """Return `[n, 120, 120, 3]`, the red of each picture being its row."""
    pixels = np.full((len(rows), 120, 120, 3), 128, dtype=np.uint8)
    pixels[..., 0] = rows[:, None, None]
    return pixels


LABELS = np.array(
    [[1, 0, 1, 0]] * 4 + [[0, 1, 0, 0]] * 4 + [[0, 0, 1, -1]] * 2 + [[0, 0, 0, 1]], dtype=np.int8
)
"""The first two tags exclude each other; the last has too few images to be scored."""

SCORES = np.full(LABELS.shape, 0.1, dtype=np.float32)
SCORES[LABELS == 1] = 0.9
SCORES[0, :2] = (0.2, 0.95)  # the first tag is missed, the second found instead
SCORES[1, 0] = 0.39  # missed by a little
SCORES[10, 1] = 0.6  # the second tag is found where nothing but the last is


def float_model() -> FloatModel:
    split = split_over(LABELS, TAGS, min_positives=3, samples=1, seed=0)
    measured = Measured(SCORES, split, dict.fromkeys(TAGS, 0.4))
    paths = tuple(f"images/{row}{BREAKOUT}.png" for row in range(len(LABELS)))
    return FloatModel(measured, np.arange(100, 111), paths, exclusive_tags(LABELS, 3))


def dataset() -> DatasetResult:
    counts = {tag: TagCounts(positives=4, negatives=6, unknown=1) for tag in TAGS}
    near = NearDuplicate(
        path=f"a{BREAKOUT}.png",
        split="test",
        other_path="b.png",
        other_split="train",
        distance_bits=2,
    )
    return dataset_result(
        source="/somewhere/labels.csv",
        listed=1300,
        images=1200,
        splits={name: SplitCounts(images=11, tags=counts) for name in ("test", "train")},
        rejected={"duplicate": 98, "truncated": 2},
        rejected_share=0.0015,
        duplicates=98,
        near_duplicates=(near,),
        straddling_groups=(f"group{SCRIPT}",),
        ignored_files=1,
    )


def make_sources() -> Sources:
    return Sources(
        recipe=parse_recipe(RECIPE, Path("recipe.toml")),
        verdict=make_verdict(),
        details=Details(split="test", variants=(details_of("int8"), details_of("fp32"))),
        exported=ExportResult(
            variants=(exported("fp32", 13_530_000), exported("int8", 3_970_000)),
            warnings=(f"int8 needs {SCRIPT}",),
        ),
        bench=BenchResult(
            machine=MACHINE,
            budget_runtime="litert",
            budget_threads=1,
            results=(measured("fp32", "litert", 2.43), measured("int8", "litert", 1.14)),
            missing_runtimes=(MissingRuntime(runtime="tflite-runtime", reason=SCRIPT),),
            budgets=(
                BenchCheck(
                    variant="int8",
                    budget="max_latency_ratio",
                    limit=0.4,
                    measured=0.469,
                    verdict="fail",
                ),
            ),
        ),
        explanation=explanation(),
        versions={"edgetag": "0.1.0", "numpy": BREAKOUT},
        thumbnails=thumbnails,
        float_model=float_model(),
        data=dataset(),
        rejected=(
            DroppedImage(
                path=f"c{BREAKOUT}.png", reason="truncated", detail="no end", where="labels.csv:7"
            ),
        )
        * 25,
        attribution="\n".join(f"Drawing {line} by {SCRIPT}" for line in range(50)),
        bundle=PackedBundle("bundle/page-test-0.1.0.zip", "cd" * 32, 4_100_000),
    )
