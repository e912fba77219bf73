"""Results of a run as the stages before leave them: two splits, two runtimes, one failure."""

from pathlib import Path

import pytest

from edgetag.benchmarking.result import (
    BenchResult,
    BudgetCheck,
    Failure,
    Latency,
    Measurement,
)
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.machine import Machine
from edgetag.recipe import Recipe, Variant, parse_recipe
from edgetag.reporting.summary import Sources
from edgetag.validation import result as validation
from edgetag.validation.result import ReferenceSummary, TagVerdict, VariantVerdict, Verdict

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
max_latency_ratio = 0.6
max_size_ratio = 0.3
"""


def exported(variant: Variant, size_bytes: int) -> ExportedVariant:
    return ExportedVariant(
        variant=variant, file=f"export/{variant}.tflite", sha256="ab" * 32, size_bytes=size_bytes,
        gzip_bytes=size_bytes * 9 // 10, input_type="uint8", output_type="uint8",
        min_runtime_version="1.14.0", operators={"CONV_2D": 2}, float_tensors=0, sparsity=0.5,
    )  # fmt: skip


def tag(name: str, scored: bool, drop: float) -> TagVerdict:
    if not scored:
        return TagVerdict(
            tag=name, scored=False, positives=3, negatives=90, threshold=0.5, verdict="undecided"
        )
    return TagVerdict(
        tag=name, scored=True, positives=40, negatives=53, threshold=0.41, ap=0.9 - drop,
        ap_drop=drop, ap_drop_interval=(drop - 0.01, drop + 0.01), f1=0.8, f1_drop=0.0,
        f1_drop_interval=(-0.01, 0.01), recall=0.75, fpr=0.05, flips=2,
        verdict="pass" if drop <= 0.01 else "fail",
    )  # fmt: skip


def scored(variant: Variant, runtime: str, split: str, drop: float) -> VariantVerdict:
    budgets: tuple[validation.BudgetCheck, ...] = ()
    if variant == "int8":
        budgets = (
            validation.BudgetCheck(
                budget="max_map_drop", limit=0.01, measured=drop,
                verdict="pass" if drop <= 0.01 else "fail",
            ),
            validation.BudgetCheck(
                budget="max_size_ratio", limit=0.3, measured=0.295, verdict="pass"
            ),
        )  # fmt: skip
    return VariantVerdict(
        variant=variant, runtime=runtime, runtime_version="2", device="cpu", split=split,
        decides=split == "test", verdict=validation.worst([b.verdict for b in budgets] or ["pass"]),
        n_images=93, n_groups=31, n_scored_tags=2, map=0.85 - drop, map_drop=drop,
        map_drop_interval=(drop - 0.005, drop + 0.005), f1=0.8, f1_drop=0.0,
        f1_drop_interval=(0.0, 0.0), flip_rate=0.012, largest_score_difference=0.03,
        mean_score_difference=0.004, images_per_s=99.0, size_bytes=1, gzip_bytes=1,
        budgets=budgets,
        tags=(tag("cat", True, drop), tag("dog|wolf", True, 0.0), tag("[bold]food", False, 0.0)),
    )  # fmt: skip


def measured(variant: Variant, runtime: str, p50: float) -> Measurement:
    return Measurement(
        variant=variant, runtime=runtime, runtime_version="2", device="A CPU", threads=1, runs=200,
        latency_ms=Latency(p50=p50, p90=p50 * 1.1, p99=p50 * 2), load_ms=3.21,
        peak_memory_bytes=12_345_678, size_bytes=1, gzip_bytes=1,
    )  # fmt: skip


def make_sources(int8_drop: float = 0.004, latency_ratio: float = 0.38) -> Sources:
    verdict = Verdict(
        verdict="pass" if int8_drop <= 0.01 else "fail",
        decisions={
            "fp32": "pass", "dynamic": "pass", "int8": "pass" if int8_drop <= 0.01 else "fail",
        },
        split="test", confidence=0.95, bootstrap_samples=1000, min_positives=20,
        reference=ReferenceSummary(
            engine="tensorflow", device="CPU", versions={"tensorflow": "2.20.0"},
            weights_sha256="cd" * 32, map={"test": 0.85, "test_style": None},
        ),
        variants=tuple(
            scored(variant, runtime, split, drop)
            for variant, drop in (("fp32", 0.0), ("dynamic", -0.0015), ("int8", int8_drop))
            for runtime in ("litert", "tflite-runtime")
            for split in ("test", "test_style")
            if (variant, runtime) != ("dynamic", "tflite-runtime")
        ),
        failures=(
            validation.Failure(
                variant="dynamic", runtime="tflite-runtime", runtime_version="2.14.0",
                kind="not loadable",
                reason="Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'",
            ),
        ),
    )  # fmt: skip
    fp32_ms = 2.47
    bench = BenchResult(
        machine=Machine(
            system="Linux", architecture="x86_64", cpu="A CPU", cpu_features=("avx2",), cores=2,
            memory_bytes=8_000_000_000,
        ),
        budget_runtime="litert", budget_threads=1,
        results=(
            measured("fp32", "litert", fp32_ms), measured("dynamic", "litert", 1.85),
            measured("int8", "litert", fp32_ms * latency_ratio),
            measured("fp32", "tflite-runtime", 2.6), measured("int8", "tflite-runtime", 18.0),
        ),
        failures=(
            Failure(variant="dynamic", runtime="tflite-runtime", threads=1, reason="no op"),
        ),
        budgets=(
            BudgetCheck(
                variant="int8", budget="max_latency_ratio", limit=0.6, measured=latency_ratio,
                verdict="pass" if latency_ratio <= 0.6 else "fail",
            ),
            BudgetCheck(
                variant="int8", budget="max_size_ratio", limit=0.3, measured=0.295, verdict="pass",
            ),
        ),
    )  # fmt: skip
    return Sources(
        recipe=parse_recipe(RECIPE, Path("recipe.toml")),
        exported=ExportResult(
            variants=(
                exported("fp32", 13_530_000), exported("dynamic", 3_720_000),
                exported("int8", 3_990_000),
            ),
            warnings=("dynamic needs 2.17.0, the target is 2.14.0",),
        ),
        verdict=verdict,
        bench=bench,
        versions={"edgetag": "0.1.0", "numpy": "1.26.4"},
    )  # fmt: skip


@pytest.fixture
def sources() -> Sources:
    return make_sources()


@pytest.fixture
def recipe(sources: Sources) -> Recipe:
    return sources.recipe
