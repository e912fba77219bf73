"""Which files an app gets: those that the recipe names, or the best one of those that pass.

The best is the fastest where budgets judge latency: by its median on `benchmark.budget_runtime`
with `benchmark.budget_threads`. Files whose 95 % intervals of the median meet the fastest one's are
as fast, and of those the smallest is taken. Without a benchmark full-integer files come first,
since they are what phones run fastest, then the smallest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edgetag.benchmarking.current import read_current as read_bench
from edgetag.benchmarking.result import BenchResult, Measurement
from edgetag.catalogue.variants import FULL_INTEGER
from edgetag.conversion.exported import exported_if_there
from edgetag.judging.decisions import RANK, Decision, worst
from edgetag.recipe import Recipe
from edgetag.targets.result import TargetsResult
from edgetag.targets.store import read_current
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class Shipping:
    """What ships.

    Attributes:
        variants: The one that an app takes first; empty where nothing passes.
        leading: The variant that is looked at first: that one, or what comes nearest to it.
    """

    variants: tuple[str, ...]
    leading: str


def choose(
    recipe: Recipe,
    verdict: Verdict,
    bench: BenchResult | None = None,
    targets: TargetsResult | None = None,
) -> Shipping:
    """Choose by what was decided.

    Args:
        recipe: Names the variants, or asks for the best.
        verdict: Verdict of validation.
        bench: Result of the benchmark; None where it has not run.
        targets: Result of other machines, likewise.
    """
    named = recipe.bundle.variants
    if named != "best":
        return Shipping(named, named[0])
    ours = [name for name in recipe.export.possible if name in verdict.decisions]
    if not ours:
        return Shipping((), next(iter(verdict.decisions), recipe.export.variants[0]))
    decisions: dict[str, Decision] = {name: decide(name, verdict, bench, targets) for name in ours}
    nearest = max(RANK[decision] for decision in decisions.values())
    best = _best([name for name in ours if RANK[decisions[name]] == nearest], verdict, bench)
    return Shipping((best,) if decisions[best] == "pass" else (), best)


def decide(
    variant: str,
    verdict: Verdict,
    bench: BenchResult | None = None,
    targets: TargetsResult | None = None,
) -> Decision:
    """Return the worst that validation, the benchmark and other machines decided on a variant."""
    decisions: list[Decision] = [verdict.decisions[variant]]
    decisions += [c.verdict for c in bench.budgets if c.variant == variant] if bench else []
    decisions += [targets.verdict_of(variant)] if targets else []
    return worst(decisions)


def read_decisions(recipe: Recipe, workspace: Workspace) -> dict[str, Decision]:
    """Decide on every judged file by what lies in a run folder, as the report does.

    Raises:
        InputError: A result there is missing or damaged.
    """
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    bench, targets = read_bench(recipe, workspace), read_current(recipe, workspace)
    return {name: decide(name, verdict, bench, targets) for name in verdict.decisions}


def read_shipping(recipe: Recipe, workspace: Workspace) -> Shipping:
    """Choose by what lies in a run folder; before a validation nothing ships.

    Raises:
        InputError: A result there is damaged.
    """
    named, path = recipe.bundle.variants, workspace.validate / "verdict.json"
    if named != "best":
        return Shipping(named, named[0])
    if path.exists():
        return choose(
            recipe,
            Verdict.read(path, "validate"),
            read_bench(recipe, workspace),
            read_current(recipe, workspace),
        )
    made = recipe.export.variants
    if (listed := exported_if_there(workspace)) is not None:
        made = tuple(file.variant for file in listed.variants)
    return Shipping((), min(made, key=lambda name: name not in FULL_INTEGER))


def _best(names: Sequence[str], verdict: Verdict, bench: BenchResult | None) -> str:
    sizes = {entry.variant: entry.size_bytes for entry in verdict.variants}
    timed = {name: measurement for name in names if (measurement := _timed(name, verdict, bench))}
    if timed:
        fastest = min(timed.values(), key=lambda measurement: measurement.latency_ms.p50)
        equal = [name for name, measurement in timed.items() if _as_fast(measurement, fastest)]
        return min(equal, key=lambda name: sizes[name])
    return min(names, key=lambda name: (name not in FULL_INTEGER, sizes.get(name, 0)))


def _timed(variant: str, verdict: Verdict, bench: BenchResult | None) -> Measurement | None:
    """Return the latency of the very file that was judged."""
    measurement = bench and bench.find(variant, bench.budget_runtime, bench.budget_threads)
    judged = verdict.digests_of(variant)
    return measurement if measurement and measurement.sha256 in judged else None


def _as_fast(measurement: Measurement, fastest: Measurement) -> bool:
    low, high = measurement.latency_ms.p50_interval, fastest.latency_ms.p50_interval
    slowest_of_fastest = high[1] if high else fastest.latency_ms.p50
    return (low[0] if low else measurement.latency_ms.p50) <= slowest_of_fastest
