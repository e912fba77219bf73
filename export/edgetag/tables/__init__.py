"""Tables of results: said once, drawn for a terminal, as Markdown and as HTML.

A stage's `tables.py` gives rows and columns (`Rows`, `Column` and its kinds, `Cell`); `formats`
writes numbers in one way for all. How a table is drawn is not the stage's business:

- `to_rich(table)`: for a terminal of any width and for a pipe.
- `markdown.to_markdown(table)`: for GitHub and for files.
- `html.to_html(table)`: for the report's page.
"""

from typing import TYPE_CHECKING

from edgetag.tables.formats import NONE, NOT_SCORED
from edgetag.tables.model import (
    MOST_FINDINGS,
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
    yes_or_no,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = [
    "MOST_FINDINGS",
    "NONE",
    "NOT_SCORED",
    "Cell",
    "Code",
    "Column",
    "Decision",
    "Number",
    "Prose",
    "Rows",
    "Table",
    "decided",
    "to_rich",
    "with_interval",
    "yes_or_no",
]


def to_rich(table: Table) -> "RenderableType":
    """Return a table for the terminal, as wide as that is; decisions are coloured."""
    from edgetag.tables.terminal import Drawn

    return Drawn(table)
