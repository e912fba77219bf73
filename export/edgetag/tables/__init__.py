"""Tables of results: said once, drawn for a terminal, as Markdown and as HTML.

A stage's `tables.py` gives rows and columns (`Rows`, `Column` and its kinds, `Cell`); how a table
is drawn is not the stage's business. `to_rich(table)` draws it for a terminal and for a pipe.

- `csv`: rows as CSV, for files that people and other programs read.
- `formats`: how numbers are written, in every table and on every page alike. What does not exist
  is a dash.
- `html`: draws a table for the report's page: elements that its style sheet knows, every text
  escaped.
- `lists`: short tables that several stages have.
- `markdown`: draws a table as GitHub's Markdown; cells cannot break out of it.
- `model`: the table that every renderer draws, and how a stage gives one.
- `text`: text that comes from files, recipes and other programs, made safe for where it is shown.
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
    points,
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
    "points",
    "to_rich",
    "with_interval",
    "yes_or_no",
]


def to_rich(table: Table) -> "RenderableType":
    """Return a table for the terminal, as wide as that is; decisions are coloured."""
    from edgetag.tables.terminal import Drawn

    return Drawn(table)
