"""Holds what was measured against the recipe's limits on latency, size and memory.

Sizes and memory are judged as they are. A latency is an estimate: its interval decides, and an
unstable figure decides nothing. A ratio is taken between times of the same round, which a busy
machine slows alike, so that its own interval tells all there is to doubt.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edgetag.benchmarking.result import (
    Bounds,
    BudgetCheck,
    BudgetName,
    Decision,
    Failure,
    Measurement,
)
from edgetag.conversion.result import ExportedVariant
from edgetag.recipe import Recipe, Variant

BASE: Variant = "fp32"
"""What ratios are to."""


@dataclass(frozen=True)
class Value:
    """What is held against a limit.

    Attributes:
        measured: None where there is nothing.
        interval: Of an estimate; None where the value is exact.
        doubt: Why it decides nothing; empty where it decides.
    """

    measured: float | None
    interval: Bounds | None = None
    doubt: str = ""

    def verdict(self, limit: float) -> tuple[Decision, str]:
        """Return what it says about a limit, and why it is undecided."""
        if self.measured is None or self.doubt:
            return "undecided", self.doubt
        low, high = self.interval or (self.measured, self.measured)
        if high <= limit:
            return "pass", ""
        if low > limit:
            return "fail", ""
        return "undecided", "its interval holds the limit; edgetag bench --full makes it narrower"


@dataclass(frozen=True)
class _Found:
    """Files, and what was measured where budgets are judged."""

    files: Mapping[Variant, ExportedVariant]
    judged: Mapping[str, Measurement]
    place: str
    max_spread: float

    def absent(self, what: str = "it") -> Value:
        return Value(None, doubt=f"{what} was not measured on {self.place}")


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
    section = recipe.benchmark
    place = (section.budget_runtime, section.budget_threads)
    plural = "s" if section.budget_threads > 1 else ""
    found = _Found(
        files={file.variant: file for file in exported},
        judged={m.variant: m for m in measurements if (m.runtime, m.threads) == place},
        place=f"{place[0]} with {place[1]} thread{plural}",
        max_spread=section.max_spread,
    )
    failed = {f.variant: f.reason for f in failures if (f.runtime, f.threads) == place}
    checks: list[BudgetCheck] = []
    for variant in found.files:
        budget = recipe.budget(variant)
        for name, measure in _MEASURES.items():
            limit = getattr(budget, name)
            if limit is None:
                continue
            value = measure(variant, found)
            verdict, reason = value.verdict(limit)
            if value.measured is None and variant in failed:
                verdict, reason = "fail", failed[variant]
            checks.append(
                BudgetCheck(
                    variant=variant, budget=name, limit=limit, measured=value.measured,
                    interval=value.interval, verdict=verdict, reason=reason,
                )
            )  # fmt: skip
    return tuple(checks)


def _doubt(found: Measurement, max_spread: float) -> str:
    """Return why a figure decides nothing; empty where it decides."""
    if not found.stable:
        why = "its warm-up did not settle"
        if found.warm and found.spread is not None:
            why = (
                f"p90 and p10 lie {found.spread:.0%} of the median apart, over {max_spread:.0%}"
            ).replace("%", " %")
        return f"{found.variant} is unstable: {why}"
    if found.latency_ms.p50_interval is None:
        return f"{found.variant}: {found.runs} runs are too few for an interval"
    return ""


def _latency_ms(variant: Variant, found: _Found) -> Value:
    if variant not in found.judged:
        return found.absent()
    own = found.judged[variant]
    return Value(own.latency_ms.p50, own.latency_ms.p50_interval, _doubt(own, found.max_spread))


def _latency_ratio(variant: Variant, found: _Found) -> Value:
    """Return the ratio to fp32, taken round by round: what slows both leaves it as it is."""
    if variant not in found.judged:
        return found.absent()
    if variant == BASE:
        return Value(1.0)
    if BASE not in found.judged:
        return found.absent(f"{BASE}, which ratios are to,")
    own = found.judged[variant]
    if own.ratio is None:
        return Value(None, doubt=f"it was not timed in turns with {BASE}")
    doubt = "" if own.ratio.interval else f"{own.runs} runs are too few for an interval"
    return Value(own.ratio.p50, own.ratio.interval, doubt)


def _size_bytes(variant: Variant, found: _Found) -> Value:
    return Value(found.files[variant].size_bytes)


def _size_ratio(variant: Variant, found: _Found) -> Value:
    if BASE not in found.files:
        return Value(None, doubt=f"{BASE}, which ratios are to, was not exported")
    return Value(found.files[variant].size_bytes / found.files[BASE].size_bytes)


def _peak_memory_bytes(variant: Variant, found: _Found) -> Value:
    if variant not in found.judged:
        return found.absent()
    measured = found.judged[variant].peak_memory_bytes
    return Value(measured, doubt="" if measured is not None else "this system tells no peak memory")


_MEASURES: dict[BudgetName, Callable[[Variant, _Found], Value]] = {
    "max_latency_ms": _latency_ms,
    "max_latency_ratio": _latency_ratio,
    "max_size_bytes": _size_bytes,
    "max_size_ratio": _size_ratio,
    "max_peak_memory_bytes": _peak_memory_bytes,
}
