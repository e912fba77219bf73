"""Which tables show which stage's result."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from edgetag.benchmarking.compare import Comparison
from edgetag.benchmarking.history import History
from edgetag.benchmarking.result import BenchResult
from edgetag.benchmarking.tables import bench_tables, comparison_tables, history_tables
from edgetag.compression.result import NarrowResult, PruneResult, QuantizeResult
from edgetag.compression.tables import narrow_tables, prune_tables, quantize_tables
from edgetag.conversion.result import ExportResult
from edgetag.conversion.tables import export_tables
from edgetag.dataset.result import CheckReport, DatasetResult
from edgetag.dataset.tables import check_tables, dataset_tables
from edgetag.explaining.result import Explanation
from edgetag.explaining.tables import explanation_tables
from edgetag.phones.result import PhoneList, PhonesResult
from edgetag.phones.tables import phone_list_tables, phone_tables
from edgetag.records import Result
from edgetag.reporting.findings import find
from edgetag.reporting.result import BudgetRow, ReportResult
from edgetag.reporting.rows import bench_budget_rows, budget_rows, tag_budget_rows
from edgetag.reporting.tables import budgets_table, findings_tables, outcome_tables
from edgetag.reporting.wording import of_tags
from edgetag.robustness.result import Robustness
from edgetag.robustness.tables import robustness_tables
from edgetag.tables import MOST_FINDINGS, Column, Prose, Rows, Table
from edgetag.targets.counting.ratios import InstructionComparison
from edgetag.targets.listing import TargetList
from edgetag.targets.result import TargetsResult
from edgetag.targets.tables import ratio_tables, target_list_tables, target_tables
from edgetag.training.result import PipelineRate, TrainResult
from edgetag.training.tables import pipeline_tables, train_tables
from edgetag.validation.accepted_state import Baseline
from edgetag.validation.baseline_tables import baseline_tables, changes_table
from edgetag.validation.desktop_reference_result import DesktopReference
from edgetag.validation.heat_map_tables import heat_maps_table
from edgetag.validation.plan_result import Plan
from edgetag.validation.plan_tables import desktop_reference_tables, plan_tables, rate_tables
from edgetag.validation.rate import ScoringRate
from edgetag.validation.result import Verdict
from edgetag.validation.tables import (
    agreements_table,
    scores_table,
    tags_table,
    thresholds_table,
)


def tables_of(result: Result) -> tuple[Table, ...]:
    """Return the tables that show a stage's result; none for kinds without one."""
    show = TABLES.get(type(result))
    return show(result) if show else ()


def verdict_tables(verdict: Verdict) -> tuple[Table, ...]:
    """Return every file's scores, and what of them is not as it should be."""
    return tuple(table for table in _of_verdict(verdict) if table.rows)


def _of_verdict(verdict: Verdict) -> Iterator[Table]:
    counts = {
        variant.split: of_tags(variant.n_scored_tags, len(variant.tags))
        for variant in verdict.variants
    }
    over = ", ".join(f"{counted} of {split}" for split, counted in counts.items())
    yield scores_table(f"Against the float reference; mAP over {over}", verdict.variants)
    yield _cut(agreements_table(verdict.agreements, verdict.confidence))
    yield _cut(heat_maps_table(verdict))
    yield Rows(verdict.failures).table(
        "Not scored",
        Column("variant", lambda failure: failure.variant),
        Column("runtime", lambda failure: failure.runtime),
        Column("what happened", lambda failure: failure.kind),
        Prose("reason", lambda failure: failure.reason),
        most_rows=MOST_FINDINGS,
    )
    for entry in verdict.variants:
        if entry.decides and any(tag.verdict == "fail" for tag in entry.tags):
            yield tags_table(f"{entry.variant} on {entry.runtime}, tag by tag", entry)
    yield _missed((*budget_rows(verdict, None), *tag_budget_rows(verdict)))
    yield from map(_cut, findings_tables(find(verdict)))
    yield _cut(thresholds_table(verdict))
    if verdict.baseline:
        yield _cut(changes_table(verdict.baseline))


def _of_benchmark(bench: BenchResult) -> tuple[Table, ...]:
    """Return every figure, and the budgets that decide what the command ends with."""
    missed = _missed(bench_budget_rows(bench))
    return (*bench_tables(bench), *([missed] if missed.rows else []))


def _missed(budgets: Iterable[BudgetRow]) -> Table:
    rows = [row for row in budgets if row.verdict != "pass"]
    return _cut(budgets_table(rows, "Budgets that are not kept"))


def _cut(table: Table) -> Table:
    return replace(table, most_rows=MOST_FINDINGS)


TABLES: Mapping[type[Result], Callable[[Any], tuple[Table, ...]]] = {
    Baseline: baseline_tables,
    BenchResult: _of_benchmark,
    CheckReport: check_tables,
    Comparison: comparison_tables,
    DatasetResult: dataset_tables,
    DesktopReference: desktop_reference_tables,
    TargetsResult: target_tables,
    Explanation: explanation_tables,
    ExportResult: export_tables,
    History: history_tables,
    InstructionComparison: ratio_tables,
    TargetList: target_list_tables,
    PhoneList: phone_list_tables,
    PhonesResult: phone_tables,
    PipelineRate: pipeline_tables,
    Plan: plan_tables,
    NarrowResult: narrow_tables,
    PruneResult: prune_tables,
    QuantizeResult: quantize_tables,
    ReportResult: outcome_tables,
    Robustness: robustness_tables,
    ScoringRate: rate_tables,
    TrainResult: train_tables,
    Verdict: verdict_tables,
}
"""Kind of result → the function that returns its tables."""
