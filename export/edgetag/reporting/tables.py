"""Tables of what the report joins: variants, limits, findings, failures."""

from collections.abc import Iterable, Iterator

from edgetag.benchmarking.tables import QUICK
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
    NONE,
    Cell,
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
    format_mean,
    format_millions,
    format_ms,
    format_percent,
)
from edgetag.validation.tables import changes_table

TOLD = {"not judged": "Not judged", "loss": "Losses that decide nothing"}
"""Level of findings → title of their table."""


def outcome_tables(report: ReportResult) -> tuple[Table, ...]:
    """Return what a run ends with: variants, broken budgets, failures, baseline changes."""
    tables = [variants_table(report)]
    broken = [row for row in (*report.budgets, *report.tag_budgets) if row.verdict != "pass"]
    if broken:
        tables.append(budgets_table(broken, "Budgets that are not kept"))
    tables += told_tables(report.findings)
    if report.failures:
        tables.append(failures_table(report.failures))
    if report.baseline and report.baseline.changes:
        tables.append(changes_table(report.baseline.changes))
    return tuple(tables)


def told_tables(findings: Iterable[Finding]) -> Iterator[Table]:
    """Show what no table of budgets holds: files that nothing limits, losses that none judges."""
    found = tuple(findings)
    for level, title in TOLD.items():
        if rows := [one for one in found if one.level == level]:
            yield Rows(rows).table(
                title, Column("where", lambda one: one.where), Prose("reason", lambda one: one.text)
            )


def variants_table(report: ReportResult) -> Table:
    """Show each variant's size, accuracy over every split, latency on every runtime, verdict."""
    rows = report.variants
    title = f"Variants; accuracy on {report.runtime}"
    if timed := [(speed.runtime, speed.threads) for row in rows for speed in row.speed]:
        title += f", latency is the median of one image{of_mode(rows)}"
    counted = [
        (count.runtime, count.cpu) for row in rows for count in row.instructions if count.judged
    ]
    return Rows(rows).table(
        title,
        Column("variant", name_of),
        Number("size", lambda row: format_bytes(row.size_bytes)),
        Number("gzip", lambda row: format_bytes(row.gzip_bytes)),
        *(column for split in _splits(rows) for column in _accuracy_on(split, report)),
        Number("flips", lambda row: _flips(row.on(report.split, report.runtime))),
        *(_latency_on(runtime, threads) for runtime, threads in dict.fromkeys(timed)),
        *(_instructions_on(runtime, cpu) for runtime, cpu in dict.fromkeys(counted)),
        Decision(
            "verdict",
            lambda row: decided(row.verdict, with_losses=row.verdict == "pass" and row.with_losses),
        ),
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


def _accuracy_on(split: str, report: ReportResult) -> Iterator[Column[VariantRow]]:
    *_, entry = (e for row in report.variants for e in row.accuracy if e.split == split)

    def of(row: VariantRow) -> Accuracy | None:
        return row.on(split, report.runtime)

    def drop(row: VariantRow) -> Cell | None:
        found = of(row)
        return with_interval(found.map_drop, found.map_drop_interval) if found else None

    def mean(row: VariantRow) -> str:
        found = of(row)
        return format_mean(found.map) if found else NONE

    yield Number(f"mAP {split}", mean, note=of_tags(entry.n_scored_tags, entry.n_tags))
    yield Number("drop", drop, note="points")


def _flips(found: Accuracy | None) -> str:
    return format_percent(found.flip_rate) if found else NONE


def _latency_on(runtime: str, threads: int) -> Column[VariantRow]:
    """Show medians; one that spreads too much is not printed plain."""

    def median(row: VariantRow) -> str:
        for speed in row.speed:
            if (speed.runtime, speed.threads) == (runtime, threads):
                return format_ms(speed.p50_ms) + ("" if speed.stable else " unstable")
        return NONE

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


def name_of(row: VariantRow) -> str:
    """Return a variant's name, with a word where the file is not edgetag's own."""
    return row.variant if row.origin == "export" else f"{row.variant} (given)"


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
