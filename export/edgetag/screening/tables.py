"""Tables of what a plan is, and of what could not be done."""

from collections.abc import Sequence
from pathlib import Path

from edgetag.screening.plan import Plan
from edgetag.screening.tagged import Tagged
from edgetag.tables import Column, Number, Prose, Rows, Table
from edgetag.tables.formats import format_count

MOST_ROWS = 20


def plan_table(tagged: Tagged, plan: Plan) -> Table:
    """Return how many pictures go where."""
    holds, readable = plan.holds, tagged.readable
    sides = [
        ("the rule holds", int((holds & readable).sum()), plan.folders[0]),
        ("it does not", int((~holds & readable).sum()), plan.folders[1]),
        ("no scores", int((~readable).sum()), None),
    ]
    return Rows([side for side in sides if side[1] or side[0] != "no scores"]).table(
        plan.rule.text.strip(),
        Column("pictures", lambda side: side[0]),
        Number("number", lambda side: format_count(side[1])),
        Column("go to", lambda side: _place(side[2])),
    )


def left_table(title: str, left: Sequence[tuple[str, str]]) -> Table:
    """Return pictures to which nothing was done, and why; the first few of many."""
    return (
        Rows(list(left))
        .table(
            title,
            Column("picture", lambda row: row[0]),
            Prose("why", lambda row: row[1]),
        )
        .first(MOST_ROWS)
    )


def _place(folder: Path | None) -> str:
    return "stay" if folder is None else str(folder)
