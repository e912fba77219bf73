"""Sentences about what was judged: the same words in every report."""

from edgetag.reporting.result import BudgetRow
from edgetag.reporting.tables import NONE, format_budget
from edgetag.validation.result import BaselineChange, Needs


def format_measured(row: BudgetRow) -> str:
    """Write what was measured against a limit, with its interval."""
    text = format_budget(row.budget, row.measured)
    if row.interval:
        low, high = (format_budget(row.budget, bound) for bound in row.interval)
        text += f" [{low}, {high}]"
    return text


def format_needs(needs: Needs | None, tag: str | None = None) -> str:
    """Say what would decide an undecided check: `340 more positives of cat`."""
    if needs is None:
        return NONE
    things = needs.of if needs.more != 1 else needs.of.removesuffix("s")
    of_tag = f" of {tag}" if tag is not None and needs.of != "images" else ""
    return f"{needs.more:,} more {things}{of_tag}"


def describe_where(variant: str, runtime: str, tag: str | None = None) -> str:
    """Write where something was measured: `int8 on litert, tag cat`."""
    place = variant if runtime == "any" else f"{variant} on {runtime}"
    return place if tag is None else f"{place}, tag {tag}"


def describe_check(row: BudgetRow) -> str:
    """Say what was measured against a limit, and what would decide it where it is undecided."""
    limit = format_budget(row.budget, row.limit)
    text = f"{row.budget} is {format_measured(row)}, limit {limit}"
    if row.verdict != "undecided" or row.measured is None:
        return text
    if row.needs is None:
        return f"{text}; more images like these would not decide it"
    return f"{text}; {format_needs(row.needs, row.tag)} would decide"


def describe_change(change: BaselineChange) -> str:
    """Say how a number differs from the accepted one."""
    before, now = (
        "none" if value is None else f"{value:.4f}".replace("-", "−")
        for value in (change.accepted, change.measured)
    )
    if change.change in ("new", "gone"):
        return f"{change.what} is {change.change}: {before} accepted, {now} measured"
    return (
        f"{change.what} is {change.change} than accepted: {before} → {now} "
        f"(tolerance {change.tolerance:.4f})"
    )
