"""Draws a table as GitHub's Markdown; cells cannot break out of it."""

from collections.abc import Iterable, Sequence

from edgetag.tables.model import Table
from edgetag.tables.text import LONGEST_NAME, escape_markdown, printable, shorten


def to_markdown(table: Table) -> str:
    """Return a table that ends in a newline; longer cells are cut."""
    rule = ["---:" if column.kind == "number" else "---" for column in table.at("text").columns]
    heading, *rows = _escaped(table, LONGEST_NAME)
    return _lines([heading, rule, *rows])


def to_aligned_markdown(table: Table, longest: int = LONGEST_NAME) -> str:
    """Return a table whose columns are also straight where it is not rendered."""
    heading, *rows = _escaped(table, longest)
    widths = [max(3, *map(_width, column)) for column in zip(heading, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    return _lines(
        [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        for row in (heading, rule, *rows)
    )


def _escaped(table: Table, longest: int) -> list[list[str]]:
    """Return the headings and then the rows, as text that Markdown shows as it is."""
    return [
        [escape_markdown(shorten(printable(cell), longest)) for cell in row]
        for row in (table.headings, *table.texts)
    ]


def _lines(rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _width(text: str) -> int:
    return len(text) - text.count("\N{ZERO WIDTH SPACE}")
