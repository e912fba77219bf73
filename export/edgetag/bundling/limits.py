"""What the files of a bundle were held against, for the model card and the manifest."""

from collections.abc import Collection

from edgetag.bundling.result import JudgedLimit
from edgetag.judging.checks import Check
from edgetag.judging.wording import WRITTEN
from edgetag.recipe import LIMITS
from edgetag.reporting.result import BudgetRow
from edgetag.reporting.rows import budget_rows, tag_budget_rows
from edgetag.validation.result import Verdict


def limit_rows(verdict: Verdict, variants: Collection[str]) -> tuple[BudgetRow, ...]:
    """Return every limit of some variants over all tags, and those of single tags not kept.

    Nothing that a benchmark measured is among them, so equal runs give equal rows.
    """
    rows = (*budget_rows(verdict, None), *tag_budget_rows(verdict))
    return tuple(row for row in rows if row.variant in variants)


def judged_limits(verdict: Verdict, variant: str) -> tuple[JudgedLimit, ...]:
    """Return `limit_rows` of a variant in the card's figures."""
    return tuple(JudgedLimit.like(row, **_figures(row)) for row in limit_rows(verdict, {variant}))


def _figures(check: Check) -> dict[str, object]:
    unit = LIMITS[check.budget].unit
    write, _ = WRITTEN[unit]
    return {
        "unit": unit,
        "limit": write(check.limit),
        "measured": None if check.measured is None else write(check.measured),
        "interval": check.interval and tuple(write(end) for end in check.interval),
    }
