"""Tables of what a plan is, and of how often its rule is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgetag.screening.expected import Bounds, Rates
from edgetag.screening.plan import Plan
from edgetag.screening.tagged import Tagged
from edgetag.tables import NONE, Column, Number, Rows, Table, with_interval
from edgetag.tables.formats import format_count, format_percent
from edgetag.tagging.listing import shown_name

ROUND = 1000
"""Pictures that expected errors are told for, beside those of the table."""

MOST_WITH_TENTHS = 100

Estimate = tuple[float | None, Bounds | None]
NOTHING: Estimate = (None, None)


@dataclass(frozen=True)
class _Expected:
    """A row of expected errors: what happens, and the estimates of how often."""

    what: str
    judged: str | None
    share: Estimate
    pictures: Sequence[Estimate]


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


def expected_table(rates: Rates, prevalence: float, pictures: int) -> Table:
    """Return how often a rule is wrong, and how many pictures that is.

    Args:
        rates: Of the rule.
        prevalence: Share of the pictures for which it is true.
        pictures: How many there are.
    """
    recall, fpr = rates.recall, rates.fpr
    missed = 1 - recall.interval[1], 1 - recall.interval[0]
    shown = ROUND, pictures
    rows = [
        _Expected(
            "it holds and is wrong",
            f"{format_count(fpr.hits)} of {format_count(fpr.total)}",
            (fpr.value, fpr.interval),
            [rates.false_alarms(prevalence, of) for of in shown],
        ),
        _Expected(
            "it misses",
            f"{format_count(recall.total - recall.hits)} of {format_count(recall.total)}",
            (1 - recall.value, missed),
            [rates.misses(prevalence, of) for of in shown],
        ),
        _Expected("it holds", None, NOTHING, [rates.holding(prevalence, of) for of in shown]),
        _Expected(
            "it is right where it holds", None, rates.precision(prevalence), [NOTHING, NOTHING]
        ),
    ]
    return Rows(rows).table(
        f"Expected, were it true for {format_percent(prevalence)} of the pictures; by "
        f"{rates.source}, {format_percent(rates.confidence, 0)} intervals",
        Column("the rule", lambda row: row.what),
        Number("judged", lambda row: row.judged),
        Number("share", lambda row: with_interval(*row.share, format_percent)),
        Number(f"of {format_count(ROUND)}", lambda row: with_interval(*row.pictures[0], _number)),
        Number(
            f"of these {format_count(pictures)}",
            lambda row: with_interval(*row.pictures[1], _number),
        ),
    )


def _number(number: float | None) -> str:
    if number is None:
        return NONE
    return format_count(round(number)) if number >= MOST_WITH_TENTHS else f"{number:.1f}"


def _place(folder: Path | None) -> str:
    return "stay" if folder is None else shown_name(str(folder))
