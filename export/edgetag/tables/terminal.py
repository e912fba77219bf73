"""Draws a table on a terminal of any width; a pipe gets every row on one line of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from edgetag.tables.fitting import fitted
from edgetag.tables.formats import NONE
from edgetag.tables.model import Cell, Table
from edgetag.tables.text import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType

STYLES = {"pass": "green", "fail": "red", "undecided": "yellow", "loss": "yellow"}

INDENT, BETWEEN = 2, " · "


@dataclass(frozen=True)
class Drawn:
    """A table that finds its form when it is shown: only then is the width known."""

    table: Table

    def __rich_console__(
        self, console: "Console", options: "ConsoleOptions"
    ) -> "Iterator[RenderableType]":
        """Give rich the title, and below it the table or, where that does not fit, its rows."""
        table = self.table.at("text")
        title, most, total = printable(table.title), table.most_rows, len(table.rows)
        rows = table.rows
        if console.is_terminal and most is not None and total > most:
            title += f" ({most} of {total} shown; a pipe and --json get all)"
            rows = rows[:most]
        if title:
            yield Text(title, style="bold", overflow="fold")
        headings, last = [printable(heading) for heading in table.headings], len(table.columns) - 1
        whole = frozenset(
            at
            for at, column in enumerate(table.columns)
            if column.kind == "number" or (at in (0, last) and column.kind != "prose")
        )
        # Intervals go below their numbers where that makes a table fit.
        for between, gap in ((" ", 2), ("\n", 2), ("\n", 1)):
            texts = [[_written(cell, between) for cell in row] for row in rows]
            widths = fitted(headings, texts, whole, options.max_width, gap)
            if widths is not None:
                yield _in_columns(table, headings, rows, texts, widths, gap)
                break
        else:
            yield from _listed(headings, rows, options.max_width)
        yield ""


def _written(cell: Cell, between: str = " ") -> str:
    signed, interval = printable(cell.signed), printable(cell.interval)
    return f"{signed}{between}{interval}" if interval else signed


def _styled(cell: Cell, text: str) -> Text:
    return Text(text, style=STYLES.get(cell.mark, ""))


def _in_columns(
    table: Table,
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    texts: Sequence[Sequence[str]],
    widths: Sequence[int],
    gap: int,
) -> RichTable:
    drawn = RichTable(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, gap - 1, 0, 0),
        show_edge=False,
        show_header=any(headings),
    )
    for column, heading, width in zip(table.columns, headings, widths, strict=True):
        justify: JustifyMethod = "right" if column.kind == "number" else "left"
        drawn.add_column(Text(heading), justify=justify, overflow="fold", width=width)
    for row, written in zip(rows, texts, strict=True):
        drawn.add_row(*map(_styled, row, written))
    return drawn


def _listed(
    headings: Sequence[str], rows: Sequence[Sequence[Cell]], width: int
) -> "Iterator[Padding]":
    """Give the rows one below the other: the first cell, and below it what else is known."""
    for first, *others in rows:
        yield Padding(_styled(first, _written(first)), 0)
        line = Text()
        for heading, cell in zip(headings[1:], others, strict=True):
            if cell.text == NONE:
                continue
            piece = Text.assemble((f"{heading} ", "dim"), _styled(cell, _written(cell)))
            if line and line.cell_len + len(BETWEEN) + piece.cell_len > width - INDENT:
                yield Padding(line, (0, 0, 0, INDENT))
                line = Text()
            line = Text(BETWEEN).join((line, piece)) if line else piece
        yield Padding(line, (0, 0, 0, INDENT))
