"""Joins what export, validation and the benchmark found into one row per variant."""

from collections.abc import Sequence

from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.recipe import Recipe
from edgetag.reporting.result import Accuracy, BudgetRow, Decision, FailureRow, Speed, VariantRow
from edgetag.validation.result import Verdict, worst


def variant_rows(
    exported: ExportResult, verdict: Verdict, bench: BenchResult
) -> tuple[VariantRow, ...]:
    """Return one row per exported file, in the order of the export."""
    return tuple(_variant_row(file, verdict, bench) for file in exported.variants)


def _variant_row(file: ExportedVariant, verdict: Verdict, bench: BenchResult) -> VariantRow:
    decisions: list[Decision] = [verdict.decisions.get(file.variant, "undecided")]
    decisions += [check.verdict for check in bench.budgets if check.variant == file.variant]
    return VariantRow(
        variant=file.variant,
        size_bytes=file.size_bytes,
        gzip_bytes=file.gzip_bytes,
        accuracy=tuple(
            Accuracy(
                split=found.split,
                runtime=found.runtime,
                decides=found.decides,
                n_images=found.n_images,
                n_scored_tags=found.n_scored_tags,
                map=found.map,
                map_drop=found.map_drop,
                map_drop_interval=found.map_drop_interval,
                flip_rate=found.flip_rate,
            )
            for found in verdict.variants
            if found.variant == file.variant
        ),
        speed=tuple(
            Speed(
                runtime=found.runtime,
                threads=found.threads,
                p50_ms=found.latency_ms.p50,
                p90_ms=found.latency_ms.p90,
                load_ms=found.load_ms,
                peak_memory_bytes=found.peak_memory_bytes,
            )
            for found in bench.results
            if found.variant == file.variant
        ),
        verdict=worst(decisions),
    )


def budget_rows(recipe: Recipe, verdict: Verdict, bench: BenchResult) -> tuple[BudgetRow, ...]:
    """Return every limit once: sizes are judged by validation and by the benchmark alike."""
    found: dict[tuple[str, str, str], BudgetRow] = {}
    for scored in verdict.variants:
        for check in scored.budgets if scored.decides else ():
            of_file = check.budget.startswith("max_size")
            runtime = "any" if of_file else scored.runtime
            found[scored.variant, runtime, check.budget] = BudgetRow(
                variant=scored.variant, runtime=runtime, **check.model_dump()
            )
    plural = "s" if bench.budget_threads > 1 else ""
    place = f"{bench.budget_runtime}, {bench.budget_threads} thread{plural}"
    for judged in bench.budgets:
        of_file = judged.budget.startswith("max_size")
        runtime = "any" if of_file else place
        found.setdefault(
            (judged.variant, runtime, judged.budget),
            BudgetRow(runtime=runtime, **judged.model_dump()),
        )
    order = list(recipe.export.variants)
    return tuple(sorted(found.values(), key=lambda row: order.index(row.variant)))


def failure_rows(verdict: Verdict, bench: BenchResult) -> tuple[FailureRow, ...]:
    """Return what did not run; the benchmark's only where validation has not told already."""
    rows = [
        FailureRow(
            variant=failure.variant,
            runtime=failure.runtime,
            stage="validate",
            reason=f"{failure.kind}: {failure.reason}",
        )
        for failure in verdict.failures
    ]
    told = {(row.variant, row.runtime) for row in rows}
    for failure in bench.failures:
        if (failure.variant, failure.runtime) not in told:
            told.add((failure.variant, failure.runtime))
            rows.append(
                FailureRow(
                    variant=failure.variant,
                    runtime=failure.runtime,
                    stage="bench",
                    reason=failure.reason,
                )
            )
    return tuple(rows)


def shown_runtime(recipe: Recipe, rows: Sequence[VariantRow]) -> str:
    """Return the runtime whose accuracy the table shows: the budgets' one if it scored any."""
    scored = {entry.runtime for row in rows for entry in row.accuracy}
    wanted = recipe.benchmark.budget_runtime
    return wanted if wanted in scored or not scored else min(scored)
