"""Results of a run as the stages leave them, made by hand: two splits, two runtimes, a failure."""

from pathlib import Path

from edgetag.benchmarking.result import (
    BenchResult,
    BudgetCheck,
    Failure,
    Latency,
    Measurement,
    Ratio,
)
from edgetag.compression.result import QuantizedVariant
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.dataset.result import DatasetResult
from edgetag.judging.checks import Check, Needs
from edgetag.judging.decisions import Decision, worst
from edgetag.machine import Machine
from edgetag.recipe import Variant, parse_recipe
from edgetag.reporting.sources import Sources
from edgetag.validation import result as validation
from edgetag.validation.result import ReferenceSummary, TagVerdict, VariantVerdict, Verdict
from edgetag.validation.scores import VariantMeta
from edgetag.workspace import StageRecord

RECIPE = """
name = "report-test"
[data]
source = "table.csv"
tags = ["cat", "dog|wolf", "[bold]food"]
[validation]
splits = ["test", "test_style"]
[export]
variants = ["fp32", "dynamic", "int8"]
[bundle]
variant = "int8"
[budgets.int8]
max_map_drop = 0.01
max_recall_drop = 0.02
max_latency_ratio = 0.6
max_size_ratio = 0.3
"""


RECIPE_FILE = Path("recipe.toml")
MACHINE = Machine(
    system="Linux",
    architecture="x86_64",
    cpu="A CPU",
    cpu_features=("avx2",),
    cores=2,
    memory_bytes=8_000_000_000,
)


def exported(variant: Variant, size_bytes: int) -> ExportedVariant:
    return ExportedVariant(
        variant=variant,
        file=f"export/{variant}.tflite",
        sha256="ab" * 32,
        size_bytes=size_bytes,
        gzip_bytes=size_bytes * 9 // 10,
        input_type="uint8",
        output_type="uint8",
        min_runtime_version="1.14.0",
        operators={"CONV_2D": 2},
        float_tensors=0,
        sparsity=0.5,
    )


def check(budget: str, limit: float, measured: float, half_width: float, **more: object) -> Check:
    """Judge a margin as validation does: by its interval."""
    low, high = measured - half_width, measured + half_width
    return Check(
        budget=budget,
        limit=limit,
        measured=measured,
        interval=(low, high),
        verdict="pass" if high <= limit else "fail" if low > limit else "undecided",
        **more,
    )


def tag(name: str, scored: bool, drop: float, half_width: float = 0.01) -> TagVerdict:
    if not scored:
        return TagVerdict(
            tag=name,
            scored=False,
            positives=3,
            negatives=90,
            threshold=0.5,
            reference_threshold=0.5,
            verdict="not scored",
        )
    recall = check(
        "max_recall_drop",
        0.02,
        drop,
        half_width,
        p_fail=0.25,
        needs=None if half_width < 0.02 else Needs(more=340, of="positives"),
    )
    return TagVerdict(
        tag=name,
        scored=True,
        positives=40,
        negatives=53,
        threshold=0.41,
        reference_threshold=0.44,
        ap=0.9 - drop,
        ap_drop=drop,
        ap_drop_interval=(drop - 0.01, drop + 0.01),
        f1=0.8,
        f1_drop=0.0,
        f1_drop_interval=(-0.01, 0.01),
        f1_gain=0.003,
        recall=0.75,
        recall_drop=drop,
        recall_drop_interval=recall.interval,
        fpr=0.05,
        fpr_rise=-0.001,
        fpr_rise_interval=(-0.02, 0.018),
        flips=2,
        lost=1,
        gained=1,
        mcnemar_p=1.0,
        mcnemar_p_holm=1.0,
        checks=(recall,),
        verdict=recall.verdict,
    )


def scored(
    variant: str, runtime: str, split: str, drop: float, tag_half_width: float = 0.01
) -> VariantVerdict:
    budgets: tuple[Check, ...] = ()
    if variant == "int8":
        budgets = (
            check("max_map_drop", 0.01, drop, 0.005),
            Check(budget="max_size_ratio", limit=0.3, measured=0.295, verdict="pass"),
        )
    tags = (
        tag("cat", True, drop, tag_half_width),
        tag("dog|wolf", True, 0.0),
        tag("[bold]food", False, 0.0),
    )
    verdicts = [check.verdict for check in (*budgets, *(c for t in tags for c in t.checks))]
    sizes = {"fp32": 13_530_000, "dynamic": 3_720_000, "int8": 3_990_000}
    size_bytes = sizes.get(variant, 2_500_000)
    return VariantVerdict(
        variant=variant,
        sha256="ab" * 32,
        runtime=runtime,
        runtime_version="2",
        device="cpu",
        split=split,
        decides=split == "test",
        verdict=worst(verdicts),
        n_images=93,
        n_groups=31,
        design_effect=1.2,
        n_scored_tags=2,
        map=0.85 - drop,
        map_drop=drop,
        map_drop_interval=(drop - 0.005, drop + 0.005),
        f1=0.8,
        f1_drop=0.0,
        f1_drop_interval=(0.0, 0.0),
        f1_gain=0.002,
        flip_rate=0.012,
        flips=3,
        largest_score_difference=0.03,
        mean_score_difference=0.004,
        logit_rmse=0.21,
        logit_rmse_interval=(0.19, 0.23),
        calibration_error=0.03,
        reference_calibration_error=0.02,
        scores_sha256="ef" * 32,
        images_per_s=99.0,
        size_bytes=size_bytes,
        gzip_bytes=size_bytes * 9 // 10,
        origin="export" if variant in sizes else "external",
        budgets=budgets,
        tags=tags,
    )


def variant_meta(**changes: object) -> VariantMeta:
    """Return what made a file's scores."""
    fields: dict[str, object] = {
        "model_sha256": "ab",
        "engine": "litert",
        "version": "2",
        "device": "here",
        "cache": "c",
        "rows": "r",
        "contract": "p",
        "columns": None,
        "tags": "t",
        "made_with": "",
        "images_per_s": 12.5,
    }
    return VariantMeta.model_validate(fields | changes)


def stage_record(**changes: object) -> StageRecord:
    """Return what a run folder says of a finished stage, without outputs unless some are given."""
    fields: dict[str, object] = {
        "fingerprint": "",
        "settings": "",
        "outputs": {},
        "finished_at": "",
        "wall_s": 1,
        "peak_memory_bytes": 1,
    }
    return StageRecord.model_validate(fields | changes)


def dataset_result(**changes: object) -> DatasetResult:
    """Return what the data are: one picture, of no split, unless told otherwise."""
    fields: dict[str, object] = {
        "source": "labels.csv",
        "format": "wide",
        "listed": 1,
        "images": 1,
        "input_size": 96,
        "splits": {},
        "rejected": {},
        "rejected_share": 0.0,
        "duplicates": 0,
        "near_duplicates": (),
        "straddling_groups": (),
        "unknown_tags": (),
        "ignored_files": 0,
        "cache_fingerprint": "x",
    }
    return DatasetResult.model_validate(fields | changes)


def quantized_variant(**changes: object) -> QuantizedVariant:
    """Return what quantization-aware training left of a variant."""
    fields: dict[str, object] = {
        "variant": "int8-qat",
        "file": "quantize/int8-qat.npz",
        "weights_sha256": "",
        "inputs_sha256": "",
        "warmup_steps": 1,
        "logit_rmse_after_warmup": 0.3,
        "logit_rmse": 0.2,
        "sparsity": 0.0,
        "validation_map_before": None,
        "validation_map": None,
    }
    return QuantizedVariant.model_validate(fields | changes)


def make_verdict(
    entries: tuple[VariantVerdict, ...],
    failures: tuple[validation.Failure, ...] = (),
    decisions: dict[str, Decision] | None = None,
) -> Verdict:
    """Return a verdict over what was scored; a variant with no entry needs its decision given."""
    by_variant: dict[str, list[Decision]] = {}
    for entry in entries:
        if entry.decides:
            by_variant.setdefault(entry.variant, []).append(entry.verdict)
    decided = {name: worst(found) for name, found in by_variant.items()}
    decided |= decisions or {}
    return Verdict(
        verdict=worst(list(decided.values())),
        decisions=decided,
        recipe="report-test",
        tags=("cat", "dog|wolf", "[bold]food"),
        split="test",
        confidence=0.95,
        bootstrap_samples=1000,
        min_positives=20,
        at_fpr=0.01,
        at_recall=0.9,
        prevalence={"cat": 0.01, "dog|wolf": 0.01, "[bold]food": 0.01},
        images_sha256="12" * 32,
        machine=MACHINE,
        versions={"edgetag": "0.1.0", "numpy": "1.26.4"},
        reference=ReferenceSummary(
            engine="tensorflow",
            device="CPU",
            versions={"tensorflow": "2.20.0"},
            weights_sha256="cd" * 32,
            scores_sha256="34" * 32,
            map={"test": 0.85, "test_style": None},
        ),
        thresholds={"int8": {"cat": 0.41, "dog|wolf": 0.41, "[bold]food": 0.5}},
        variants=entries,
        failures=failures,
    )


def measured(variant: Variant, runtime: str, p50: float, ratio: float | None = None) -> Measurement:
    return Measurement(
        variant=variant,
        runtime=runtime,
        runtime_version="2",
        device="A CPU",
        threads=1,
        runs=200,
        sha256="ab" * 32,
        ratio=None if ratio is None else Ratio(p50=ratio, interval=(ratio, ratio)),
        latency_ms=Latency(p50=p50, p90=p50 * 1.1, p99=p50 * 2, p50_interval=(p50, p50)),
        load_ms=3.21,
        peak_memory_bytes=12_345_678,
        size_bytes=1,
        gzip_bytes=1,
    )


def all_entries(int8_drop: float, tag_half_width: float = 0.01) -> tuple[VariantVerdict, ...]:
    return tuple(
        scored(variant, runtime, split, drop, tag_half_width if variant == "int8" else 0.01)
        for variant, drop in (("fp32", 0.0), ("dynamic", -0.0015), ("int8", int8_drop))
        for runtime in ("litert", "tflite-runtime")
        for split in ("test", "test_style")
        if (variant, runtime) != ("dynamic", "tflite-runtime")
    )


NOT_LOADABLE = validation.Failure(
    variant="dynamic",
    runtime="tflite-runtime",
    runtime_version="2.14.0",
    kind="not loadable",
    reason="Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'",
)


def make_sources(
    int8_drop: float = 0.004, latency_ratio: float = 0.38, tag_half_width: float = 0.01
) -> Sources:
    verdict = make_verdict(all_entries(int8_drop, tag_half_width), (NOT_LOADABLE,))
    fp32_ms = 2.47
    bench = BenchResult(
        machine=MACHINE,
        budget_runtime="litert",
        budget_threads=1,
        results=(
            measured("fp32", "litert", fp32_ms),
            measured("dynamic", "litert", 1.85),
            measured("int8", "litert", fp32_ms * latency_ratio, latency_ratio),
            measured("fp32", "tflite-runtime", 2.6),
            measured("int8", "tflite-runtime", 18.0),
        ),
        failures=(Failure(variant="dynamic", runtime="tflite-runtime", threads=1, reason="no op"),),
        budgets=(
            BudgetCheck(
                variant="int8",
                budget="max_latency_ratio",
                limit=0.6,
                measured=latency_ratio,
                verdict="pass" if latency_ratio <= 0.6 else "fail",
            ),
            BudgetCheck(
                variant="int8",
                budget="max_size_ratio",
                limit=0.3,
                measured=0.295,
                verdict="pass",
            ),
        ),
    )
    return Sources(
        recipe=parse_recipe(RECIPE, RECIPE_FILE),
        exported=ExportResult(
            variants=(
                exported("fp32", 13_530_000),
                exported("dynamic", 3_720_000),
                exported("int8", 3_990_000),
            ),
            warnings=("dynamic needs 2.17.0, the target is 2.14.0",),
        ),
        verdict=verdict,
        bench=bench,
        details=None,
        explanation=None,
        versions={"edgetag": "0.1.0", "numpy": "1.26.4"},
    )
