"""The report's tables: variants, accuracy, latency, files, tags, budgets, failures, changes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from edgetag.conversion.result import ExportResult
from edgetag.explaining.result import Blame, PreprocessingDrift
from edgetag.judging.checks import Needs
from edgetag.reporting.result import (
    Accuracy,
    BudgetRow,
    FailureRow,
    Finding,
    Instructions,
    ReportResult,
    Speed,
    VariantRow,
)
from edgetag.reporting.tables import (
    MARKS,
    NONE,
    NOT_SCORED,
    WITH_LOSSES,
    Sheet,
    format_budget,
    format_bytes,
    format_fraction,
    format_ms,
    format_percent,
    format_points,
    to_rich,
)
from edgetag.reporting.wording import format_measured, format_needs, of_tags
from edgetag.validation.baseline_result import BaselineChange
from edgetag.validation.result import TagVerdict, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

T = TypeVar("T")

TOLD = {"not judged": "Not judged", "loss": "Losses that decide nothing"}
"""Level of findings → title of their table."""

QUICK = "quick mode"
"""Of latencies that were measured without `--full`."""


def outcome_sheets(report: ReportResult) -> tuple[Sheet, ...]:
    """Return what a run ends with: variants, broken budgets, failures, baseline changes."""
    sheets = [variants_sheet(report)]
    broken = [row for row in (*report.budgets, *report.tag_budgets) if row.verdict != "pass"]
    if broken:
        sheets.append(budgets_sheet(broken, "Budgets that are not kept"))
    sheets += told_sheets(report.findings)
    if report.failures:
        sheets.append(failures_sheet(report.failures))
    if report.baseline and report.baseline.changes:
        sheets.append(changes_sheet(report.baseline.changes))
    return tuple(sheets)


def told_sheets(findings: Iterable[Finding]) -> tuple[Sheet, ...]:
    """Show what no table of budgets holds: files that nothing limits, losses that none judges."""
    found = tuple(findings)
    sheets = []
    for level, title in TOLD.items():
        if rows := tuple((one.where, one.text) for one in found if one.level == level):
            sheets.append(Sheet(title, ("where", "reason"), frozenset(), rows))
    return tuple(sheets)


def outcome(report: ReportResult) -> "tuple[RenderableType, ...]":
    """Return `outcome_sheets` for the terminal."""
    return tuple(to_rich(sheet) for sheet in outcome_sheets(report))


def variants_sheet(report: ReportResult) -> Sheet:
    """Show each variant's size, accuracy over every split, latency on every runtime, verdict."""
    splits = _unique(
        entry.split
        for row in report.variants
        for entry in sorted(row.accuracy, key=lambda entry: not entry.decides)
    )
    speeds = _unique((s.runtime, s.threads) for row in report.variants for s in row.speed)
    scored = {
        entry.split: of_tags(entry.n_scored_tags, entry.n_tags)
        for row in report.variants
        for entry in row.accuracy
    }
    headings = ["variant", "size", "gzip"]
    for split in splits:
        headings += [f"mAP {split}, {scored[split]}", "drop, points"]
    headings.append("flips")
    for runtime, threads in speeds:
        headings.append(f"{runtime} ms" if threads == 1 else f"{runtime} ms, {threads} threads")
    counted = _unique((c.runtime, c.cpu) for row in report.variants for c in _judged(row))
    headings += [f"{runtime} M instructions, {cpu}" for runtime, cpu in counted]
    headings.append("verdict")
    rows = []
    for row in report.variants:
        cells = [name_of(row), format_bytes(row.size_bytes), format_bytes(row.gzip_bytes)]
        for split in splits:
            found = row.on(split, report.runtime)
            cells += [format_fraction(found.map) if found else NONE, _drop(found)]
        deciding = row.on(report.split, report.runtime)
        cells.append(format_percent(deciding.flip_rate) if deciding else NONE)
        timed = {(s.runtime, s.threads): s for s in row.speed}
        cells += [_median(timed.get(place)) for place in speeds]
        counts = {(c.runtime, c.cpu): c.instructions for c in _judged(row)}
        cells += [_millions(counts.get(place)) for place in counted]
        lossy = row.verdict == "pass" and row.with_losses
        cells.append(WITH_LOSSES if lossy else MARKS[row.verdict])
        rows.append(tuple(cells))
    title = f"Variants; accuracy on {report.runtime}"
    if speeds:
        title += f", latency is the median of one image{of_mode(report.variants)}"
    return Sheet(title, tuple(headings), frozenset(range(1, len(headings) - 1)), tuple(rows))


def _judged(row: VariantRow) -> list[Instructions]:
    """Return the counts that one column shows: those on the processor of the budget."""
    return [count for count in row.instructions if count.judged]


def _millions(instructions: int | None) -> str:
    return NONE if instructions is None else f"{instructions / 1e6:.2f}"


def of_mode(rows: Iterable[VariantRow]) -> str:
    """Return what a title says of latencies: that they are a quick look, where they are."""
    modes = {speed.mode for row in rows for speed in row.speed}
    return f" ({QUICK})" if "quick" in modes else ""


def _median(speed: Speed | None) -> str:
    """Return a median; one that spreads too much is not printed plain."""
    if speed is None:
        return NONE
    return format_ms(speed.p50_ms) if speed.stable else f"{format_ms(speed.p50_ms)} unstable"


def name_of(row: VariantRow) -> str:
    """Return a variant's name, with a word where the file is not edgetag's own."""
    return row.variant if row.origin == "export" else f"{row.variant} (given)"


def accuracy_sheet(rows: Iterable[VariantRow]) -> Sheet:
    """Show each variant over every split on every runtime."""
    headings = (
        "variant", "runtime", "split", "images", "scored tags", "mAP", "drop, points", "flips",
    )  # fmt: skip
    cells = tuple(
        (
            row.variant, entry.runtime, entry.split, str(entry.n_images), str(entry.n_scored_tags),
            format_fraction(entry.map), _drop(entry), format_percent(entry.flip_rate),
        )
        for row in rows
        for entry in row.accuracy
    )  # fmt: skip
    return Sheet("Accuracy by runtime", headings, frozenset(range(3, 8)), cells)


def speed_sheet(rows: Iterable[VariantRow]) -> Sheet:
    """Show latency, load time and memory of each variant on each runtime."""
    rows = tuple(rows)
    headings = ("variant", "runtime", "threads", "p50 ms", "p90 ms", "load ms", "peak memory")
    cells = tuple(
        (
            row.variant, entry.runtime, str(entry.threads), _median(entry),
            format_ms(entry.p90_ms), format_ms(entry.load_ms),
            format_bytes(entry.peak_memory_bytes),
        )
        for row in rows
        for entry in row.speed
    )  # fmt: skip
    title = f"Latency, load time and memory{of_mode(rows)}"
    return Sheet(title, headings, frozenset(range(2, 7)), cells)


def files_sheet(exported: ExportResult) -> Sheet:
    """Show what each exported file takes, gives and needs."""
    headings = (
        "variant", "input", "output", "size", "gzip", "zeros", "needs TensorFlow Lite", "SHA-256",
    )  # fmt: skip
    cells = tuple(
        (
            file.variant, file.input_type, file.output_type, format_bytes(file.size_bytes),
            format_bytes(file.gzip_bytes), format_percent(file.sparsity),
            file.min_runtime_version or "unknown", file.sha256[:12],
        )
        for file in exported.variants
    )  # fmt: skip
    return Sheet("Files", headings, frozenset({3, 4, 5}), cells)


def tags_sheet(title: str, tags: Iterable[TagVerdict]) -> Sheet:
    """Show what became of each tag, drops and rises in points, or that it is not scored."""
    headings = (
        "tag", "positives", "AP", "AP drop", "recall", "recall drop", "false positives", "rise",
        "flips", "verdict",
    )  # fmt: skip
    return Sheet(title, headings, frozenset(range(1, 9)), tuple(_tag_cells(tag) for tag in tags))


def _tag_cells(tag: TagVerdict) -> tuple[str, ...]:
    if not tag.scored:
        return (tag.tag, str(tag.positives), NOT_SCORED, *(NONE,) * 6, MARKS[tag.verdict])
    return (
        tag.tag, str(tag.positives), format_fraction(tag.ap),
        format_points(tag.ap_drop, tag.ap_drop_interval), format_percent(tag.recall),
        format_points(tag.recall_drop, tag.recall_drop_interval), format_percent(tag.fpr),
        format_points(tag.fpr_rise, tag.fpr_rise_interval),
        NONE if tag.flips is None else str(tag.flips), MARKS[tag.verdict],
    )  # fmt: skip


def thresholds_sheet(verdict: Verdict) -> Sheet:
    """Show thresholds fitted for a variant, and what they bring or cost; the most first."""
    headings = ("variant", "runtime", "tag", "reference's", "own threshold", "F1 gain, points")
    fitted = [
        (found, tag)
        for found in verdict.variants
        if found.decides
        for tag in found.tags
        if tag.scored and tag.threshold != tag.reference_threshold
    ]
    fitted.sort(key=lambda pair: -abs(pair[1].f1_gain or 0.0))
    cells = tuple(
        (
            found.variant, found.runtime, tag.tag, f"{tag.reference_threshold:.3f}",
            f"{tag.threshold:.3f}", format_points(tag.f1_gain),
        )
        for found, tag in fitted
    )  # fmt: skip
    title = "Thresholds fitted for each variant on the validation split"
    return Sheet(title, headings, frozenset({3, 4, 5}), cells)


def budgets_sheet(rows: Iterable[BudgetRow], title: str = "Budgets") -> Sheet:
    """Show limits, what was measured, and what would decide an undecided one, or why it is."""
    rows = tuple(rows)
    headings = [
        "variant", "runtime", "tag", "budget", "limit", "measured", "would decide", "reason",
    ]  # fmt: skip
    cells = [
        (
            row.variant, row.runtime, row.tag or NONE, row.budget,
            format_budget(row.budget, row.limit), format_measured(row), _needs(row.needs),
            row.reason or NONE, MARKS[row.verdict],
        )
        for row in rows
    ]  # fmt: skip
    # Columns that say nothing are left out.
    kept = [
        column
        for column in range(8)
        if column not in (2, 6, 7) or any(row[column] != NONE for row in cells)
    ]
    return Sheet(
        title,
        (*(headings[column] for column in kept), "verdict"),
        frozenset(place for place, column in enumerate(kept) if column in (4, 5)),
        tuple((*(row[column] for column in kept), row[8]) for row in cells),
    )


def _needs(needs: Needs | None) -> str:
    return format_needs(needs) if needs is None else f"{format_needs(needs)}: {needs.decides}"


def failures_sheet(rows: Iterable[FailureRow]) -> Sheet:
    """Show what did not run and why."""
    headings = ("variant", "runtime", "stage", "reason")
    cells = tuple((row.variant, row.runtime, row.stage, row.reason) for row in rows)
    return Sheet("Did not run", headings, frozenset(), cells)


def changes_sheet(changes: Iterable[BaselineChange]) -> Sheet:
    """Show what moved since a state was accepted."""
    headings = ("variant", "runtime", "what", "accepted", "measured", "tolerance", "change")
    cells = tuple(
        (
            change.variant, change.runtime, change.what, _four(change.accepted),
            _four(change.measured), _four(change.tolerance), change.change,
        )
        for change in changes
    )  # fmt: skip
    return Sheet("Against the accepted state", headings, frozenset({3, 4, 5}), cells)


def layers_sheet(blame: Blame, shown: int = 10) -> Sheet:
    """Show the layers that add most to a variant's error."""
    headings = ("layer", "operator", "error", "added")
    cells = tuple(
        (layer.name, layer.operator, f"{layer.error:.3f}", f"{layer.added:.3f}")
        for layer in blame.layers[:shown]
    )
    title = f"Layers to blame in {blame.variant} on {blame.runtime}"
    return Sheet(title, headings, frozenset({2, 3}), cells)


def mistakes_sheet(drift: PreprocessingDrift) -> Sheet:
    """Show what mistakes in an app's preprocessing would cost."""
    headings = ("mistake", "what the app does", "mAP", "drop, points", "flips", "tags hurt most")
    cells = tuple(
        (
            mistake.mistake, mistake.what, format_fraction(mistake.map),
            format_points(mistake.map_drop, mistake.map_drop_interval),
            format_percent(mistake.flip_rate), ", ".join(mistake.tags_hurt) or NONE,
        )
        for mistake in drift.mistakes
    )  # fmt: skip
    title = f"Mistakes in preprocessing, {drift.variant} on {drift.runtime}"
    return Sheet(title, headings, frozenset({2, 3, 4}), cells)


def _four(value: float | None) -> str:
    return NONE if value is None else f"{value:.4f}".replace("-", "−")


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))


def _drop(found: Accuracy | None) -> str:
    return format_points(found.map_drop, found.map_drop_interval) if found else NONE
