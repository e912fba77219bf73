"""Sentences about what was judged: the same words in every report."""

from collections.abc import Iterable, Sequence

from edgetag.reporting.result import BudgetRow
from edgetag.reporting.tables import NONE, format_budget
from edgetag.validation.result import BaselineChange, Needs, VariantVerdict

SHOWN_NUMBERS = 5


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


def of_tags(scored: int, tags: int) -> str:
    """Say how many tags a mean is over: `12 of 20 tags`."""
    return f"{scored} of {tags} tags"


def describe_where(variant: str, runtime: str, tag: str | None = None) -> str:
    """Write where something was measured: `int8 on litert, tag cat`."""
    place = variant if runtime == "any" else f"{variant} on {runtime}"
    return place if tag is None else f"{place}, tag {tag}"


def describe_check(row: BudgetRow) -> str:
    """Say what was measured against a limit, and what would decide it where it is undecided."""
    limit = format_budget(row.budget, row.limit)
    text = f"{row.budget} is {format_measured(row)}, limit {limit}"
    if row.reason:
        return f"{text}; {row.reason}"
    if row.verdict != "undecided" or row.measured is None:
        return text
    if row.needs is None:
        return f"{text}; more images like these would not decide it"
    return f"{text}; {format_needs(row.needs, row.tag)} would decide"


def describe_not_judged(variant: str, judged: Iterable[VariantVerdict]) -> str:
    """Say why a file is not judged, and what to add to the recipe."""
    given = any(one.variant == variant and one.origin == "external" for one in judged)
    where = "[budgets.default]" if given else f"[budgets.{variant}] or [budgets.default]"
    return (
        "nothing limits its accuracy, so nothing was judged; add to the recipe, in "
        f"{where}: max_map_drop = 0.01, or margins of tags such as max_recall_drop = 0.05"
    )


def describe_changes(changes: Sequence[BaselineChange]) -> str:
    """Say how numbers of one kind differ from the accepted ones, at most `SHOWN_NUMBERS`."""
    kind = changes[0].change
    than = " than accepted" if kind in ("worse", "better") else ""
    shown = ", ".join(
        f"{change.what} {_number(change.accepted)} → {_number(change.measured)}"
        for change in changes[:SHOWN_NUMBERS]
    )
    rest = len(changes) - SHOWN_NUMBERS
    return f"{kind}{than}: {shown}" + (f" and {rest} more" if rest > 0 else "")


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}".replace("-", "−")
