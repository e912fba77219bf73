"""A table with everything in it, and tables as a terminal of some width shows them."""

import io

from rich.console import Console

from edgetag.tables import NONE, Cell, Column, Number, Prose, Rows, Table, decided, to_rich

REMEDY = "not set up; run: edgetag target setup arm64, which takes a minute and needs no root"
TABLE = Rows(
    (
        ("litert@arm64", decided("undecided", "missing"), Cell("1.67", "[0.46, 2.65]"), REMEDY),
        ("猫|犬", decided("pass", "ok"), Cell("0.00", "[−0.09, 0.10]"), None),
    )
).table(
    "What is there and what is not, on this machine and on the others that are emulated here",
    Column("part", lambda row: row[0]),
    Column("state", lambda row: row[1]),
    Number("drop", lambda row: row[2], note="points"),
    Prose("detail", lambda row: row[3]),
)


def drawn(table: Table, width: int, terminal: bool = True) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True, force_terminal=terminal)
    console.print(to_rich(table))
    return console.export_text().splitlines()


def words(table: Table) -> set[str]:
    """Return what must be read; that the first column holds names needs no heading."""
    cells = [table.title, *table.headings[1:], *(cell for row in table.texts for cell in row)]
    return {word for cell in cells for word in cell.split()} - {NONE}
