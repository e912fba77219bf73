"""Draws a `Sheet` on a terminal of any width; a pipe gets every row on one line of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgetag.reporting.fitting import fitted
from edgetag.reporting.tables import NONE, STYLES, Sheet, printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType

TEXTS = frozenset({"reason", "detail", "problem", "warning"})
"""Headings of columns that hold sentences, which wrap wherever they stand."""

INDENT, BETWEEN = 2, " · "

_INTERVAL = re.compile(r"(?<=\d) (?=\[[−\d])")


@dataclass(frozen=True)
class Drawn:
    """A sheet that finds its form when it is shown: only then is the width known."""

    sheet: Sheet

    def __rich_console__(
        self, console: "Console", options: "ConsoleOptions"
    ) -> "Iterator[RenderableType]":
        """Give rich the title, and below it the table or, where that does not fit, its rows."""
        sheet = self.sheet
        rows = tuple(tuple(map(printable, row)) for row in sheet.rows)
        title = printable(sheet.title)
        if console.is_terminal and sheet.most_rows is not None and len(rows) > sheet.most_rows:
            title += f" ({sheet.most_rows} of {len(rows)} shown; a pipe and --json get all)"
            rows = rows[: sheet.most_rows]
        if title:
            yield Text(title, style="bold", overflow="fold")
        last = len(sheet.headings) - 1
        whole = sheet.numeric | {
            column for column in (0, last) if sheet.headings[column] not in TEXTS
        }
        below = _intervals_below(rows)
        for shape, gap in ((rows, 2), (below, 2), (below, 1)):
            widths = fitted(sheet.headings, shape, whole, options.max_width, gap)
            if widths is not None:
                yield _table(sheet, shape, widths, gap)
                break
        else:
            yield from _listed(sheet, rows, options.max_width)
        yield ""


def _intervals_below(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Return cells with an interval on a line below its number."""
    return tuple(tuple(_INTERVAL.sub("\n", cell) for cell in row) for row in rows)


def _table(sheet: Sheet, rows: tuple[tuple[str, ...], ...], widths: list[int], gap: int) -> Table:
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, padding=(0, gap - 1, 0, 0), show_edge=False,
        show_header=any(sheet.headings),
    )  # fmt: skip
    for column, (heading, width) in enumerate(zip(sheet.headings, widths, strict=True)):
        justify: JustifyMethod = "right" if column in sheet.numeric else "left"
        table.add_column(Text(heading), justify=justify, overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(_cell, row))
    return table


def _listed(sheet: Sheet, rows: tuple[tuple[str, ...], ...], width: int) -> "Iterator[Padding]":
    """Give the rows one below the other: the first cell, and below it what else is known."""
    for first, *others in rows:
        yield Padding(_cell(first), 0)
        line = Text()
        for heading, cell in zip(sheet.headings[1:], others, strict=True):
            if cell == NONE:
                continue
            piece = Text.assemble((f"{heading} ", "dim"), _cell(cell))
            if line and line.cell_len + len(BETWEEN) + piece.cell_len > width - INDENT:
                yield Padding(line, (0, 0, 0, INDENT))
                line = Text()
            line = Text(BETWEEN).join((line, piece)) if line else piece
        yield Padding(line, (0, 0, 0, INDENT))


def _cell(text: str) -> Text:
    return Text(text, style=STYLES.get(text[:1], ""))
