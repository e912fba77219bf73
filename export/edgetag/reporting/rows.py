"""Joins what validation found, and export and the benchmark where they ran, into rows."""

from collections.abc import Iterator, Sequence

from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportResult
from edgetag.recipe import LIMITS, Recipe
from edgetag.reporting.losses import with_losses
from edgetag.reporting.result import (
    Accuracy,
    BudgetRow,
    FailureRow,
    Instructions,
    Speed,
    VariantRow,
)
from edgetag.reporting.targets import target_budget_rows, target_failure_rows
from edgetag.shipping import decide
from edgetag.targets.result import TargetsResult
from edgetag.validation.result import VariantVerdict, Verdict


def variant_rows(
    recipe: Recipe,
    verdict: Verdict,
    exported: ExportResult | None,
    bench: BenchResult | None,
    targets: TargetsResult | None = None,
) -> tuple[VariantRow, ...]:
    """Return one row per judged file, in the order of the verdict."""
    lossy = with_losses(verdict)
    return tuple(
        _variant_row(name, recipe, verdict, exported, bench, targets).replace(
            with_losses=name in lossy
        )
        for name in verdict.decisions
    )


def _variant_row(
    name: str,
    recipe: Recipe,
    verdict: Verdict,
    exported: ExportResult | None,
    bench: BenchResult | None,
    targets: TargetsResult | None,
) -> VariantRow:
    scored = [entry for entry in verdict.variants if entry.variant == name]
    sizes = [(entry.size_bytes, entry.gzip_bytes) for entry in scored]
    if exported:
        ours = (file for file in exported.variants if file.variant == name)
        sizes += [(file.size_bytes, file.gzip_bytes) for file in ours]
    own = name in recipe.export.possible
    return VariantRow(
        variant=name,
        origin=scored[0].origin if scored else "export" if own else "external",
        size_bytes=sizes[0][0] if sizes else None,
        gzip_bytes=sizes[0][1] if sizes else None,
        accuracy=tuple(Accuracy.like(entry, n_tags=len(entry.tags)) for entry in scored),
        speed=_speeds(name, bench),
        instructions=_instructions(name, targets),
        verdict=decide(name, verdict, bench, targets),
    )


def _speeds(name: str, bench: BenchResult | None) -> tuple[Speed, ...]:
    if bench is None:
        return ()
    return tuple(
        Speed.like(
            figure, p50_ms=figure.latency_ms.p50, p90_ms=figure.latency_ms.p90, mode=bench.mode
        )
        for figure in bench.results
        if figure.variant == name
    )


def _instructions(name: str, targets: TargetsResult | None) -> tuple[Instructions, ...]:
    if targets is None:
        return ()
    return tuple(
        Instructions.like(
            count,
            runtime=count.engine,
            cpu=count.cpu or "",
            judged=count.place == targets.budget_place,
        )
        for count in targets.counts
        if count.variant == name
    )


def budget_rows(
    verdict: Verdict, bench: BenchResult | None, targets: TargetsResult | None = None
) -> tuple[BudgetRow, ...]:
    """Return every limit over all tags once: two stages judge sizes alike."""
    beside = [
        *(bench_budget_rows(bench) if bench else ()),
        *(target_budget_rows(targets) if targets else ()),
    ]
    rows = [*_validated(verdict), *(row for row in beside if row.variant in verdict.decisions)]
    first_rows: dict[tuple[str, str, str], BudgetRow] = {}
    for row in rows:
        first_rows.setdefault((row.variant, row.runtime, row.budget), row)
    order = list(verdict.decisions)
    return tuple(sorted(first_rows.values(), key=lambda row: order.index(row.variant)))


def _validated(verdict: Verdict) -> Iterator[BudgetRow]:
    for scored in verdict.variants:
        for check in scored.budgets if scored.decides else ():
            yield BudgetRow.of(scored, check)


def bench_budget_rows(bench: BenchResult) -> Iterator[BudgetRow]:
    """Yield every limit that a benchmark judged, with the place where it did."""
    plural = "s" if bench.budget_threads > 1 else ""
    place = f"{bench.budget_runtime}, {bench.budget_threads} thread{plural}"
    for judged in bench.budgets:
        of_file = LIMITS[judged.budget].subject == "size"
        yield BudgetRow(runtime="any" if of_file else place, stage="bench", **judged.model_dump())


def tag_budget_rows(verdict: Verdict) -> tuple[BudgetRow, ...]:
    """Return the tags' margins that are not kept over the deciding split, broken ones first."""
    rows = [
        BudgetRow.of(scored, check, tag.tag)
        for scored in verdict.variants
        for tag in (scored.tags if scored.decides else ())
        for check in tag.checks
        if check.verdict != "pass"
    ]
    return tuple(sorted(rows, key=lambda row: row.verdict != "fail"))


def failure_rows(
    verdict: Verdict, bench: BenchResult | None, targets: TargetsResult | None = None
) -> tuple[FailureRow, ...]:
    """Return what did not run; the benchmark's only where validation has not told already."""
    rows = [
        FailureRow.like(failure, stage="validate", reason=f"{failure.kind}: {failure.reason}")
        for failure in verdict.failures
    ]
    listed = {(row.variant, row.runtime) for row in rows}
    for failure in bench.failures if bench else ():
        if (failure.variant, failure.runtime) not in listed:
            listed.add((failure.variant, failure.runtime))
            rows.append(FailureRow.like(failure, stage="bench"))
    return (*rows, *(target_failure_rows(targets) if targets else ()))


def shown_runtime(recipe: Recipe, rows: Sequence[VariantRow]) -> str:
    """Return the runtime whose accuracy the table shows: the budgets' one if it scored any."""
    scored = {entry.runtime for row in rows for entry in row.accuracy}
    wanted = recipe.benchmark.budget_runtime
    return wanted if wanted in scored or not scored else min(scored)


def shown_entry(verdict: Verdict, variant: str, runtime: str) -> VariantVerdict | None:
    """Return a variant over the deciding split: on `runtime`, or where it was scored at all."""
    entries = [entry for entry in verdict.variants if entry.variant == variant and entry.decides]
    return next((entry for entry in entries if entry.runtime == runtime), next(iter(entries), None))
