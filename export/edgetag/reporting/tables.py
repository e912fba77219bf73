"""Tables as plain text cells, shown by rich on a terminal and as Markdown in files.

A `Sheet` is built once from typed rows; how it is drawn is not its business.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from edgetag.conversion.result import ExportResult
from edgetag.reporting.result import (
    Accuracy,
    BudgetRow,
    Decision,
    FailureRow,
    ReportResult,
    VariantRow,
)
from edgetag.validation.result import TagVerdict

if TYPE_CHECKING:
    from rich.console import JustifyMethod
    from rich.table import Table

T = TypeVar("T")

NONE = "–"
NOT_SCORED = "not scored"
MARKS: dict[Decision, str] = {
    "pass": "✓ pass",
    "fail": "✗ fail",
    "undecided": "? undecided",
}
_SPECIAL = re.compile(
    r"[\\`*<>|#~]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is only itself
    r"|\[(?![−\d.]+,\s[−\d.]+\])"  # and so is the bracket of an interval
)
STYLES = {"✓": "green", "✗": "red", "?": "yellow"}


@dataclass(frozen=True)
class Sheet:
    """Text cells with headings.

    Attributes:
        title: What the table shows.
        headings: One per column.
        numeric: Columns set flush right, by position.
        rows: Cells.
    """

    title: str
    headings: tuple[str, ...]
    numeric: frozenset[int]
    rows: tuple[tuple[str, ...], ...]


def to_markdown(sheet: Sheet) -> str:
    """Return a GitHub table that ends in a newline; cells cannot break out of it."""
    rule = ["---:" if column in sheet.numeric else "---" for column in range(len(sheet.headings))]
    lines = [sheet.headings, tuple(rule), *sheet.rows]
    text = [_markdown_line(line, raw=line is lines[1]) for line in lines]
    return "\n".join(text) + "\n"


def _markdown_line(cells: Sequence[str], raw: bool) -> str:
    return f"| {' | '.join(cell if raw else escape_markdown(cell) for cell in cells)} |"


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    one_line = " ".join(text.split())
    return _SPECIAL.sub(r"\\\g<0>", one_line)


def to_rich(sheet: Sheet) -> "Table":
    """Return a table for the terminal; verdicts are coloured."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=sheet.title, title_justify="left", title_style="bold", box=SIMPLE_HEAD,
        collapse_padding=True, pad_edge=False,
    )  # fmt: skip
    reason = sheet.headings.index("reason") if "reason" in sheet.headings else None
    for column, heading in enumerate(sheet.headings):
        justify: JustifyMethod = "right" if column in sheet.numeric else "left"
        title = Text(heading.replace(" ", "\n", 1) if justify == "right" else heading)
        # Names and verdicts stay whole where the terminal is narrow; other cells wrap.
        whole = column in (0, len(sheet.headings) - 1) and column != reason
        longest = max((len(row[column]) for row in sheet.rows), default=0)
        table.add_column(
            title, justify=justify, overflow="fold", min_width=longest if whole else None
        )
    for row in sheet.rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell[:1], "")) for cell in row))
    return table


def outcome(report: ReportResult) -> "tuple[Table, ...]":
    """Return what a run ends with: variants, broken budgets, failures."""
    sheets = [variants_sheet(report)]
    if broken := [row for row in report.budgets if row.verdict != "pass"]:
        sheets.append(budgets_sheet(broken, "Budgets that are not kept"))
    if report.failures:
        sheets.append(failures_sheet(report.failures))
    return tuple(to_rich(sheet) for sheet in sheets)


def variants_sheet(report: ReportResult) -> Sheet:
    """Show each variant's size, accuracy over every split, latency on every runtime, verdict."""
    splits = _unique(
        entry.split
        for row in report.variants
        for entry in sorted(row.accuracy, key=lambda entry: not entry.decides)
    )
    speeds = _unique((s.runtime, s.threads) for row in report.variants for s in row.speed)
    headings = ["variant", "size", "gzip"]
    for split in splits:
        headings += [f"mAP {split}", "drop, points"]
    headings.append("flips")
    for runtime, threads in speeds:
        headings.append(f"{runtime} ms" if threads == 1 else f"{runtime} ms, {threads} threads")
    headings.append("verdict")
    rows = []
    for row in report.variants:
        cells = [row.variant, format_bytes(row.size_bytes), format_bytes(row.gzip_bytes)]
        for split in splits:
            found = row.on(split, report.runtime)
            cells += [_fraction(found.map) if found else NONE, _drop(found)]
        deciding = row.on(report.split, report.runtime)
        cells.append(_percent(deciding.flip_rate) if deciding else NONE)
        p50_ms = {(s.runtime, s.threads): s.p50_ms for s in row.speed}
        cells += [format_ms(p50_ms.get(place)) for place in speeds]
        cells.append(MARKS[row.verdict])
        rows.append(tuple(cells))
    title = f"Variants; accuracy on {report.runtime}, latency is the median of one image"
    return Sheet(title, tuple(headings), frozenset(range(1, len(headings) - 1)), tuple(rows))


def accuracy_sheet(rows: Iterable[VariantRow]) -> Sheet:
    """Show accuracy of each variant on each runtime and split."""
    headings = (
        "variant", "runtime", "split", "images", "tags", "mAP", "drop, points", "flips",
    )  # fmt: skip
    cells = tuple(
        (
            row.variant, entry.runtime, entry.split, str(entry.n_images), str(entry.n_scored_tags),
            _fraction(entry.map), _drop(entry), _percent(entry.flip_rate),
        )
        for row in rows
        for entry in row.accuracy
    )  # fmt: skip
    return Sheet("Accuracy by runtime", headings, frozenset(range(3, 8)), cells)


def speed_sheet(rows: Iterable[VariantRow]) -> Sheet:
    """Show latency, load time and memory of each variant on each runtime."""
    headings = ("variant", "runtime", "threads", "p50 ms", "p90 ms", "load ms", "peak memory")
    cells = tuple(
        (
            row.variant, entry.runtime, str(entry.threads), format_ms(entry.p50_ms),
            format_ms(entry.p90_ms), format_ms(entry.load_ms),
            NONE if entry.peak_memory_bytes is None else format_bytes(entry.peak_memory_bytes),
        )
        for row in rows
        for entry in row.speed
    )  # fmt: skip
    return Sheet("Latency, load time and memory", headings, frozenset(range(2, 7)), cells)


def files_sheet(exported: ExportResult) -> Sheet:
    """Show what each exported file takes, gives and needs."""
    headings = (
        "variant", "input", "output", "size", "gzip", "zeros", "needs TensorFlow Lite", "SHA-256",
    )  # fmt: skip
    cells = tuple(
        (
            file.variant, file.input_type, file.output_type, format_bytes(file.size_bytes),
            format_bytes(file.gzip_bytes), _percent(file.sparsity),
            file.min_runtime_version or "unknown", file.sha256[:12],
        )
        for file in exported.variants
    )  # fmt: skip
    return Sheet("Files", headings, frozenset({3, 4, 5}), cells)


def tags_sheet(title: str, tags: Iterable[TagVerdict]) -> Sheet:
    """Show each tag's average precision and decisions; tags with too few images say so."""
    headings = (
        "tag", "positives", "AP", "drop, points", "F1", "recall", "false positives", "threshold",
        "flips", "verdict",
    )  # fmt: skip
    return Sheet(title, headings, frozenset(range(1, 9)), tuple(_tag_cells(tag) for tag in tags))


def _tag_cells(tag: TagVerdict) -> tuple[str, ...]:
    threshold = f"{tag.threshold:.3f}"
    if not tag.scored:
        blank = (NONE,) * 4
        return (tag.tag, str(tag.positives), NOT_SCORED, *blank, threshold, NONE, NOT_SCORED)
    return (
        tag.tag, str(tag.positives), _fraction(tag.ap), _points(tag.ap_drop, tag.ap_drop_interval),
        _fraction(tag.f1), _percent(tag.recall), _percent(tag.fpr), threshold,
        NONE if tag.flips is None else str(tag.flips), MARKS[tag.verdict],
    )  # fmt: skip


def budgets_sheet(rows: Iterable[BudgetRow], title: str = "Budgets") -> Sheet:
    """Show limits and what was measured."""
    headings = ("variant", "runtime", "budget", "limit", "measured", "verdict")
    cells = tuple(
        (
            row.variant, row.runtime, row.budget, format_budget(row.budget, row.limit),
            format_budget(row.budget, row.measured), MARKS[row.verdict],
        )
        for row in rows
    )  # fmt: skip
    return Sheet(title, headings, frozenset({3, 4}), cells)


def failures_sheet(rows: Iterable[FailureRow]) -> Sheet:
    """Show what did not run and why."""
    headings = ("variant", "runtime", "stage", "reason")
    cells = tuple((row.variant, row.runtime, row.stage, row.reason) for row in rows)
    return Sheet("Did not run", headings, frozenset(), cells)


def format_bytes(size_bytes: int) -> str:
    """Write a size in decimal units: `3.98 MB`, `30.4 kB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"


def format_ms(milliseconds: float | None) -> str:
    """Write milliseconds with three significant digits."""
    if milliseconds is None:
        return NONE
    digits = 3 if milliseconds < 1 else 2 if milliseconds < 10 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f}"


def format_budget(budget: str, value: float | None) -> str:
    """Write a limit or what was measured against it, in the budget's unit."""
    if value is None:
        return "not measured"
    if budget.endswith("_bytes"):
        return format_bytes(int(value))
    if budget.endswith("_ms"):
        return f"{format_ms(value)} ms"
    return f"{value:.4f}" if budget.endswith(("_map", "_drop", "_rate")) else f"{value:.3f}"


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))


def _fraction(value: float | None) -> str:
    return NOT_SCORED if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.1f} %"


def _drop(found: Accuracy | None) -> str:
    return _points(found.map_drop, found.map_drop_interval) if found else NONE


def _points(drop: float | None, interval: tuple[float, float] | None) -> str:
    if drop is None:
        return NONE
    text = f"{100 * drop:.2f}"
    if interval:
        text += f" [{100 * interval[0]:.2f}, {100 * interval[1]:.2f}]"
    return text.replace("-", "−")
