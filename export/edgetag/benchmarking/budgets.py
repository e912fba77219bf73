"""Holds what was measured against the recipe's limits on latency, size and memory."""

from collections.abc import Callable, Iterable, Mapping

from edgetag.benchmarking.result import BudgetCheck, BudgetName, Decision, Failure, Measurement
from edgetag.conversion.result import ExportedVariant
from edgetag.recipe import Recipe, Variant

Value = float | None


def check_budgets(
    recipe: Recipe,
    exported: Iterable[ExportedVariant],
    measurements: Iterable[Measurement],
    failures: Iterable[Failure],
) -> tuple[BudgetCheck, ...]:
    """Check every limit that the recipe sets.

    Latency is the median. It, its ratio to fp32, and memory are judged on
    `benchmark.budget_runtime` with `benchmark.budget_threads` threads.

    Args:
        recipe: Its budgets.
        exported: Gives sizes.
        measurements: Gives latency and memory; those of other runtimes are passed over.
        failures: A variant that fails where budgets are judged keeps none that needs a measurement.
    """
    files = {file.variant: file for file in exported}
    place = (recipe.benchmark.budget_runtime, recipe.benchmark.budget_threads)
    judged = {m.variant: m for m in measurements if (m.runtime, m.threads) == place}
    failed = {f.variant for f in failures if (f.runtime, f.threads) == place}
    checks: list[BudgetCheck] = []
    for variant in files:
        budget = recipe.budget(variant)
        for name, measure in _MEASURES.items():
            limit = getattr(budget, name)
            if limit is None:
                continue
            measured = measure(variant, files, judged)
            verdict: Decision = "fail" if variant in failed else "undecided"
            if measured is not None:
                verdict = "pass" if measured <= limit else "fail"
            checks.append(
                BudgetCheck(
                    variant=variant, budget=name, limit=limit, measured=measured, verdict=verdict
                )
            )
    return tuple(checks)


Files = Mapping[Variant, ExportedVariant]
Judged = Mapping[str, Measurement]


def _latency_ms(variant: Variant, _files: Files, judged: Judged) -> Value:
    return judged[variant].latency_ms.p50 if variant in judged else None


def _latency_ratio(variant: Variant, files: Files, judged: Judged) -> Value:
    own, base = _latency_ms(variant, files, judged), _latency_ms("fp32", files, judged)
    return own / base if own is not None and base else None


def _size_bytes(variant: Variant, files: Files, _judged: Judged) -> Value:
    return files[variant].size_bytes


def _size_ratio(variant: Variant, files: Files, _judged: Judged) -> Value:
    return files[variant].size_bytes / files["fp32"].size_bytes if "fp32" in files else None


def _peak_memory_bytes(variant: Variant, _files: Files, judged: Judged) -> Value:
    return judged[variant].peak_memory_bytes if variant in judged else None


_MEASURES: dict[BudgetName, Callable[[Variant, Files, Judged], Value]] = {
    "max_latency_ms": _latency_ms,
    "max_latency_ratio": _latency_ratio,
    "max_size_bytes": _size_bytes,
    "max_size_ratio": _size_ratio,
    "max_peak_memory_bytes": _peak_memory_bytes,
}
