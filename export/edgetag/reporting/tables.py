"""Tables as plain text cells, shown by rich on a terminal and as Markdown in files.

Numbers become text here, in one way for all reports. A `Sheet` is built once from typed rows; how
it is drawn is not its business.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgetag.judging.checks import Bounds
from edgetag.judging.decisions import TagDecision

if TYPE_CHECKING:
    from rich.console import RenderableType

NONE = "–"
NOT_SCORED = "not scored"
MARKS: dict[TagDecision, str] = {
    "pass": "✓ pass",
    "fail": "✗ fail",
    "undecided": "? undecided",
    "not scored": NOT_SCORED,
    "not judged": "not judged",
}
WITH_LOSSES = "! pass, with losses"
"""Of a file that keeps its budgets and lost something that none of them judges."""
_SPECIAL = re.compile(
    r"[\\`*<>|#~&]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is only itself
    r"|\[(?![−\d.]+,\s[−\d.]+\])"  # and so is the bracket of an interval
)
_MENTION = re.compile(r"@(?=\w)")
STYLES = {"✓": "green", "✗": "red", "?": "yellow", "!": "yellow"}

LONGEST_NAME = 120
"""Longer texts are cut in Markdown, where a page has a largest size."""


@dataclass(frozen=True)
class Sheet:
    """Text cells with headings.

    Attributes:
        title: What the table shows.
        headings: One per column.
        numeric: Columns set flush right, by position.
        rows: Cells.
        most_rows: A terminal shows no more, and says so; a pipe gets all. None: every row.
    """

    title: str
    headings: tuple[str, ...]
    numeric: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    most_rows: int | None = None


def to_markdown(sheet: Sheet) -> str:
    """Return a GitHub table that ends in a newline; cells cannot break out of it."""
    rule = ["---:" if column in sheet.numeric else "---" for column in range(len(sheet.headings))]
    lines = [_markdown_line(sheet.headings), f"| {' | '.join(rule)} |"]
    lines += [_markdown_line(row) for row in sheet.rows]
    return "\n".join(lines) + "\n"


def _markdown_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escape_markdown(shorten(cell)) for cell in cells)} |"


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line, and that mentions nobody."""
    one_line = " ".join(text.split())
    # GitHub notifies whom a comment mentions, even behind a backslash; a character without width
    # after the @ prevents it.
    return _MENTION.sub("@\N{ZERO WIDTH SPACE}", _SPECIAL.sub(r"\\\g<0>", one_line))


def escape_html(text: str) -> str:
    """Return text for an HTML block within Markdown, where backslashes mean nothing."""
    one_line = html.escape(" ".join(text.split()))
    return _MENTION.sub("@\N{ZERO WIDTH SPACE}", one_line)


def shorten(text: str, longest: int = LONGEST_NAME) -> str:
    """Return a text of at most `longest` characters; one that is cut ends in …."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Return text on one line that cannot steer a terminal."""
    return "".join(
        sign if sign.isprintable() else " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}"
        for sign in text
    )


def to_rich(sheet: Sheet) -> "RenderableType":
    """Return a table for the terminal, as wide as that is; verdicts are coloured."""
    from edgetag.reporting.drawing import Drawn

    return Drawn(sheet)


def format_bytes(size_bytes: int | None) -> str:
    """Write a size in decimal units: `3.98 MB`, `30.4 kB`."""
    if size_bytes is None:
        return NONE
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"


def format_ms(milliseconds: float | None) -> str:
    """Write milliseconds with three significant digits."""
    if milliseconds is None:
        return NONE
    digits = 3 if milliseconds < 1 else 2 if milliseconds < 10 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f}"


def format_fraction(value: float | None) -> str:
    """Write a mean average precision or a score."""
    return NOT_SCORED if value is None else f"{value:.3f}"


def format_percent(value: float | None) -> str:
    """Write a share: `4.2 %`."""
    return NONE if value is None else f"{100 * value:.1f} %".replace("-", "−")


def format_points(change: float | None, interval: Bounds | None = None) -> str:
    """Write a drop or a rise in points, 0.01 of the measure, with its interval."""
    if change is None:
        return NONE
    text = f"{100 * change:.2f}"
    if interval:
        text += f" [{100 * interval[0]:.2f}, {100 * interval[1]:.2f}]"
    return text.replace("-", "−")


def format_budget(budget: str, value: float | None) -> str:
    """Write a limit or what was measured against it, in the recipe's unit."""
    if value is None:
        return "not measured"
    if budget.endswith("_bytes"):
        return format_bytes(int(value))
    if budget.endswith("_ms"):
        return f"{format_ms(value)} ms"
    if budget.endswith("_instructions"):
        return f"{int(value):,}"
    fraction = budget.endswith(("_map", "_drop", "_rise", "_rate"))
    return (f"{value:.4f}" if fraction else f"{value:.3f}").replace("-", "−")
