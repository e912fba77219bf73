"""Holds what was measured against the recipe's limits on latency, size and memory.

Sizes and memory are judged as they are. A latency is an estimate: its interval decides, and an
unstable figure decides nothing. A ratio is taken between times of the same round. What a busy
machine multiplies both by leaves it as it is, and what it adds to both draws it towards 1: a ratio
of unstable figures decides only what holds were it `DOUBT` times farther from 1.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from edgetag.benchmarking.result import DOUBT, BudgetCheck, Failure, Measurement
from edgetag.catalogue.variants import BASE
from edgetag.conversion.result import ExportedVariant
from edgetag.judging.checks import ReasonedCheck, Value, judge, reasoned
from edgetag.recipe import Budget, Recipe, Variant


@dataclass(frozen=True)
class Costs:
    """What files cost where budgets are judged.

    Attributes:
        size_bytes: Bytes of each file.
        measured: Variant → its figures on the budgets' runtime with the budgets' threads.
        failed: Variant → why it does not run there.
        place: That runtime and threads, in words.
        max_spread: The recipe's `benchmark.max_spread`.
    """

    size_bytes: Mapping[Variant, int]
    measured: Mapping[str, Measurement]
    failed: Mapping[str, str]
    place: str
    max_spread: float

    @classmethod
    def found(
        cls,
        recipe: Recipe,
        size_bytes: Mapping[Variant, int],
        measurements: Iterable[Measurement],
        failures: Iterable[Failure],
    ) -> "Costs":
        """Return what was found where budgets are judged; other places are passed over."""
        section = recipe.benchmark
        place = (section.budget_runtime, section.budget_threads)
        plural = "s" if section.budget_threads > 1 else ""
        return cls(
            size_bytes=size_bytes,
            measured={m.variant: m for m in measurements if (m.runtime, m.threads) == place},
            failed={f.variant: f.reason for f in failures if (f.runtime, f.threads) == place},
            place=f"{place[0]} with {place[1]} thread{plural}",
            max_spread=section.max_spread,
        )

    def check(
        self, variant: Variant, budget: Budget, narrower: str = ""
    ) -> Iterator[ReasonedCheck]:
        """Check every limit on a file's costs; latency is the median.

        `narrower` says what would make an interval narrower that decides nothing.
        """
        given = budget.given()
        for name, measure in MEASURES.items():
            if name not in given:
                continue
            value = measure(variant, self)
            check, reason = judge(name, given[name], value), value.reason
            if check.verdict == "undecided" and not reason:
                reason = value.caution or f"its interval holds the limit{narrower}"
            yield reasoned(check, reason)

    def absent(self, variant: str, what: str = "it") -> Value:
        """Return that there is no figure: a file that does not run keeps no limit on one."""
        doubt = f"{what} was not measured on {self.place}"
        return Value(None, doubt=doubt, failure=self.failed.get(variant))


def check_budgets(
    recipe: Recipe,
    exported: Iterable[ExportedVariant],
    measurements: Iterable[Measurement],
    failures: Iterable[Failure],
) -> tuple[BudgetCheck, ...]:
    """Check every limit that the recipe sets on what exported files cost.

    Latency, its ratio to fp32, and memory are judged on `benchmark.budget_runtime` with
    `benchmark.budget_threads` threads.

    Args:
        recipe: Its budgets.
        exported: Gives sizes.
        measurements: Gives latency and memory; those of other runtimes are passed over.
        failures: A variant that fails where budgets are judged keeps none that needs a measurement.
    """
    sizes = {file.variant: file.size_bytes for file in exported}
    costs = Costs.found(recipe, sizes, measurements, failures)
    narrower = "; edgetag bench --full makes it narrower"
    return tuple(
        BudgetCheck(variant=variant, **check.model_dump(exclude={"p_fail", "needs"}))
        for variant in sizes
        for check in costs.check(variant, recipe.budget(variant), narrower)
    )


def _doubt(measurement: Measurement, max_spread: float) -> str:
    """Return why a figure decides nothing; empty where it decides."""
    if not measurement.stable:
        why = "its warm-up did not settle"
        if measurement.warm and measurement.spread is not None:
            why = (
                f"p90 and p10 lie {measurement.spread:.0%} of the median apart, over "
                f"{max_spread:.0%}"
            ).replace("%", " %")
        return f"{measurement.variant} is unstable: {why}"
    if measurement.latency_ms.p50_interval is None:
        return f"{measurement.variant}: {measurement.runs} runs are too few for an interval"
    return ""


def _latency_ms(variant: Variant, costs: Costs) -> Value:
    if variant not in costs.measured:
        return costs.absent(variant)
    own = costs.measured[variant]
    doubt = _doubt(own, costs.max_spread)
    return Value(own.latency_ms.p50, own.latency_ms.p50_interval, doubt=doubt)


def _latency_ratio(variant: Variant, costs: Costs) -> Value:
    """Return the ratio to fp32, taken round by round."""
    if variant not in costs.measured:
        return costs.absent(variant)
    if variant == BASE:
        return Value(1.0)
    if BASE not in costs.measured:
        return costs.absent(variant, f"{BASE}, which ratios are to,")
    own = costs.measured[variant]
    if own.ratio is None:
        return Value(None, doubt=f"it was not timed in turns with {BASE}")
    interval = own.ratio.interval
    if interval is None:
        return Value(own.ratio.p50, doubt=f"{own.runs} runs are too few for an interval")
    doubts = (_doubt(figure, costs.max_spread) for figure in (own, costs.measured[BASE]))
    unstable = next(filter(None, doubts), "")
    if not unstable:
        return Value(own.ratio.p50, interval)
    low, high = interval
    return Value(
        own.ratio.p50,
        interval,
        outer=(low if low > 1 else low / DOUBT, high if high < 1 else high * DOUBT),
        caution=f"{unstable}, and what a busy machine adds to both times draws their ratio to 1",
    )


def _size_bytes(variant: Variant, costs: Costs) -> Value:
    return Value(costs.size_bytes[variant])


def _size_ratio(variant: Variant, costs: Costs) -> Value:
    if BASE not in costs.size_bytes:
        return Value(None, doubt=f"{BASE}, which ratios are to, was not exported")
    return Value(costs.size_bytes[variant] / costs.size_bytes[BASE])


def _peak_memory_bytes(variant: Variant, costs: Costs) -> Value:
    if variant not in costs.measured:
        return costs.absent(variant)
    measured = costs.measured[variant].peak_memory_bytes
    return Value(measured, doubt="" if measured is not None else "this system tells no peak memory")


MEASURES: dict[str, Callable[[Variant, Costs], Value]] = {
    "max_latency_ms": _latency_ms,
    "max_latency_ratio": _latency_ratio,
    "max_size_bytes": _size_bytes,
    "max_size_ratio": _size_ratio,
    "max_peak_memory_bytes": _peak_memory_bytes,
}
"""Limit → what is held against it."""
