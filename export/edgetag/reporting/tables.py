"""Tables of what the report joins: variants, limits, findings, failures."""

from collections.abc import Callable, Iterable, Iterator

from edgetag.benchmarking.tables import QUICK
from edgetag.conversion.result import ExportResult
from edgetag.judging.wording import write_limit, write_measured
from edgetag.reporting.result import (
    Accuracy,
    BudgetRow,
    FailureRow,
    Finding,
    ReportResult,
    VariantRow,
)
from edgetag.reporting.wording import format_needs, of_tags
from edgetag.tables import (
    Cell,
    Code,
    Column,
    Decision,
    Number,
    Prose,
    Rows,
    Table,
    decided,
    with_interval,
)
from edgetag.tables.formats import (
    format_bytes,
    format_fraction,
    format_mean,
    format_millions,
    format_ms,
    format_percent,
)
from edgetag.tables.model import Value
from edgetag.validation.baseline_tables import changes_table
from edgetag.validation.result import Verdict
from edgetag.validation.tables import file_cell, variant_cell

TOLD = {"not judged": "Not judged", "loss": "Losses that decide nothing"}
"""Level of findings → title of their table."""


def outcome_tables(report: ReportResult) -> tuple[Table, ...]:
    """Return what a run ends with: variants, broken budgets, failures, baseline changes."""
    tables = [variants_table(report)]
    broken = [row for row in (*report.budgets, *report.tag_budgets) if row.verdict != "pass"]
    if broken:
        tables.append(budgets_table(broken, "Budgets that are not kept"))
    tables += findings_tables(report.findings)
    if report.failures:
        tables.append(failures_table(report.failures))
    if report.baseline and report.baseline.changes:
        tables.append(changes_table(report.baseline))
    return tuple(tables)


def findings_tables(findings: Iterable[Finding]) -> Iterator[Table]:
    """Show what no table of budgets holds: files that nothing limits, losses that none judges."""
    all_findings = tuple(findings)
    for level, title in TOLD.items():
        if rows := [finding for finding in all_findings if finding.level == level]:
            yield Rows(rows).table(
                title,
                Column("where", lambda finding: finding.where),
                Prose("reason", lambda finding: finding.text),
            )


def variants_table(report: ReportResult) -> Table:
    """Show each variant's size, accuracy over every split, latency on every runtime, verdict."""
    title = f"Variants; accuracy on {report.runtime}"
    if places := _timed(report):
        title += f", latency is the median of one image{of_mode(report.variants)}"
    return _variants(report, title, _splits(report.variants), places)


def shown_variants_table(report: ReportResult, threads: int) -> Table:
    """Show each variant on the runtime that the report chose, over the split that decides."""
    title = f"Variants on {report.runtime}, split {report.split}"
    places = [place for place in _timed(report) if place == (report.runtime, threads)]
    return _variants(report, title, [report.split], places)


def _variants(
    report: ReportResult, title: str, splits: Iterable[str], places: Iterable[tuple[str, int]]
) -> Table:
    rows = report.variants
    counted = [
        (count.runtime, count.cpu) for row in rows for count in row.instructions if count.judged
    ]
    return Rows(rows).table(
        title,
        Column("variant", lambda row: _name(row, report)),
        Number("size", lambda row: format_bytes(row.size_bytes)),
        Number("gzip", lambda row: format_bytes(row.gzip_bytes)),
        *(column for split in splits for column in _accuracy_on(split, report)),
        Number("flips", lambda row: _of(row.on(report.split, report.runtime), _flips)),
        Number(
            "logit RMSE",
            lambda row: _of(row.on(report.split, report.runtime), _distance),
            optional=True,
        ),
        *(_latency_on(runtime, threads) for runtime, threads in places),
        *(_instructions_on(runtime, cpu) for runtime, cpu in dict.fromkeys(counted)),
        Decision(
            "verdict",
            lambda row: decided(row.verdict, with_losses=row.verdict == "pass" and row.with_losses),
        ),
    )


def _name(row: VariantRow, report: ReportResult) -> Cell:
    return file_cell(row.variant, own=row.origin == "export", ships=row.variant in report.ships)


def _timed(report: ReportResult) -> list[tuple[str, int]]:
    """Return runtimes and numbers of threads with a latency of any variant."""
    return list(
        dict.fromkeys(
            (speed.runtime, speed.threads) for row in report.variants for speed in row.speed
        )
    )


def _splits(rows: Iterable[VariantRow]) -> list[str]:
    """Return the splits, of each variant the one that decides first."""
    return list(
        dict.fromkeys(
            entry.split
            for row in rows
            for entry in sorted(row.accuracy, key=lambda entry: not entry.decides)
        )
    )


def _of(accuracy: Accuracy | None, show: Callable[[Accuracy], Value]) -> Value:
    return show(accuracy) if accuracy else None


def _flips(accuracy: Accuracy) -> str:
    return format_percent(accuracy.flip_rate)


def _distance(accuracy: Accuracy) -> str:
    return format_fraction(accuracy.logit_rmse)


def _accuracy_on(split: str, report: ReportResult) -> Iterator[Column[VariantRow]]:
    entries = [e for row in report.variants for e in row.accuracy if e.split == split]
    over = of_tags(entries[-1].n_scored_tags, entries[-1].n_tags) if entries else ""

    def column(show: Callable[[Accuracy], Value]) -> Callable[[VariantRow], Value]:
        return lambda row: _of(row.on(split, report.runtime), show)

    yield Number(f"mAP {split}", column(lambda accuracy: format_mean(accuracy.map)), note=over)
    yield Number(
        "drop",
        column(lambda accuracy: with_interval(accuracy.map_drop, accuracy.map_drop_interval)),
        note="points",
    )


def _latency_on(runtime: str, threads: int) -> Column[VariantRow]:
    """Show medians; one that spreads too much is not printed plain."""

    def median(row: VariantRow) -> Cell | None:
        for speed in row.speed:
            if (speed.runtime, speed.threads) == (runtime, threads):
                text = format_ms(speed.p50_ms) + ("" if speed.stable else " unstable")
                return Cell(text, note=f"p90 {format_ms(speed.p90_ms)}")
        return None

    return Number(runtime, median, unit="ms", note="" if threads == 1 else f"{threads} threads")


def _instructions_on(runtime: str, cpu: str) -> Column[VariantRow]:
    """Show counts on the processor of the budget."""

    def count(row: VariantRow) -> str:
        counts = (c for c in row.instructions if c.judged and (c.runtime, c.cpu) == (runtime, cpu))
        return format_millions(next((c.instructions for c in counts), None))

    return Number(runtime, count, unit="M instructions", note=cpu)


def of_mode(rows: Iterable[VariantRow]) -> str:
    """Return what a title says of latencies: that they are a quick look, where they are."""
    modes = {speed.mode for row in rows for speed in row.speed}
    return f" ({QUICK})" if "quick" in modes else ""


def budgets_table(rows: Iterable[BudgetRow], title: str = "Budgets") -> Table:
    """Show limits, what was measured, and what would decide an undecided one, or why it is."""
    return Rows(rows).table(
        title,
        Column("variant", lambda row: row.variant),
        Column("runtime", lambda row: row.runtime),
        Column("tag", lambda row: row.tag, optional=True),
        Column("budget", lambda row: row.budget),
        Number("limit", write_limit),
        Number("measured", write_measured),
        Column("would decide", _would_decide, optional=True),
        Prose("reason", lambda row: row.reason or None, optional=True),
        Decision("verdict", lambda row: decided(row.verdict)),
    )


def _would_decide(row: BudgetRow) -> str | None:
    return f"{format_needs(row.needs)}: {row.needs.decides}" if row.needs else None


def failures_table(rows: Iterable[FailureRow]) -> Table:
    """Show what did not run and why."""
    return Rows(rows).table(
        "Did not run",
        Column("variant", lambda row: row.variant),
        Column("runtime", lambda row: row.runtime),
        Column("stage", lambda row: row.stage),
        Prose("reason", lambda row: row.reason),
    )


def given_files_table(exported: ExportResult | None, verdict: Verdict) -> Table:
    """Show the judged files that this run did not export; without any the table is empty."""
    exported_names = {file.variant for file in exported.variants} if exported else set[str]()
    given = {
        entry.variant: entry for entry in verdict.variants if entry.variant not in exported_names
    }
    return Rows(given.values()).table(
        "Files from elsewhere",
        Column("variant", variant_cell),
        Number("size", lambda entry: format_bytes(entry.size_bytes)),
        Number("gzip", lambda entry: format_bytes(entry.gzip_bytes)),
        Code("SHA-256", lambda entry: entry.sha256[:12]),
    )
