"""What happened to each tag: intervals as a forest plot, then every number."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from edgetag.judging.checks import Bounds, Check
from edgetag.judging.decisions import RANK
from edgetag.recipe import LIMITS
from edgetag.reporting.losses import tag_losses
from edgetag.reporting.page import words
from edgetag.reporting.page.variants import Plot
from edgetag.reporting.page.view import Values, View
from edgetag.reporting.plots.forest import ForestRow, forest
from edgetag.reporting.wording import LOST
from edgetag.tables import Table
from edgetag.tables.formats import format_count
from edgetag.validation.result import LossMeasure, TagVerdict, VariantVerdict
from edgetag.validation.tables import operating_table, tags_table, worst_first

MOST_DRAWN, MOST_LISTED = 40, 200
"""Tags per plot and per table, so that a large vocabulary does not make a large file."""


@dataclass(frozen=True)
class TagsOf:
    """One variant, tag by tag.

    `decision` is the worst of the tags that were judged, in words; `forests` has a plot per
    measure, with a row per scored tag. Plots show the `drawn` and tables the `listed` worst of
    `total` tags.
    """

    variant: str
    title: str
    decision: str
    forests: tuple[Plot, ...]
    unscored: tuple[str, ...]
    total: int
    drawn: int
    listed: int
    judged: Table
    operating: Table


class _Measure(NamedTuple):
    """What a forest plot shows: its title, the limit, and the attribute of `TagVerdict`."""

    title: str
    budget: str
    value: str


MEASURES = (
    _Measure("Recall at the threshold", "max_recall_drop", "recall_drop"),
    _Measure("False positives at the threshold", "max_fpr_rise", "fpr_rise"),
    _Measure("Average precision", "max_ap_drop", "ap_drop"),
)


def tags_of(view: View, number: int, entry: VariantVerdict) -> TagsOf:
    """Show one variant; `number` makes the names of its plots unique."""
    notes = {tag.tag: _open(tag, tag_losses(entry, tag.tag)) for tag in entry.tags}
    scored = [tag for tag in entry.tags if tag.scored]
    return TagsOf(
        variant=entry.variant,
        title=f"{entry.variant} on {entry.runtime}, split {entry.split}",
        decision=_in_all(entry),
        forests=tuple(_forests(number, entry)),
        unscored=tuple(tag.tag for tag in entry.tags if not tag.scored)[:MOST_LISTED],
        total=len(entry.tags),
        drawn=MOST_DRAWN,
        listed=MOST_LISTED,
        judged=tags_table(
            f"Tags of {entry.variant}", entry, worst_first(entry.tags, MOST_LISTED), notes
        ).first(MOST_LISTED),
        operating=operating_table(
            f"Operating points of {entry.variant}, before → after",
            view.sources.verdict,
            worst_first(scored, MOST_LISTED),
        ).first(MOST_LISTED),
    )


def _in_all(entry: VariantVerdict) -> str:
    """Count the tags by what came of them."""
    counts = {word: sum(tag.verdict == word for tag in entry.tags) for word in RANK}
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def _forests(number: int, entry: VariantVerdict) -> Iterator[Plot]:
    scored = worst_first([tag for tag in entry.tags if tag.scored], MOST_DRAWN)[:MOST_DRAWN]
    for measure in MEASURES:
        rows = [_forest_row(measure, tag) for tag in scored]
        if measure.budget == "max_ap_drop" and entry.map_drop is not None:
            rows.insert(0, _mean_row(entry))
        if all(row.value is None for row in rows):
            continue
        svg = forest(
            rows,
            axis=f"{LIMITS[measure.budget].words}, points",
            name=f"forest{number}-{measure.budget.replace('_', '-')}",
            label=f"{measure.title} of {entry.variant}, tag by tag, with intervals; "
            "the table below has the numbers.",
        )
        yield Plot(measure.title, svg)


def _forest_row(measure: _Measure, tag: TagVerdict) -> ForestRow:
    check = _check(tag.checks, measure.budget)
    interval: Bounds | None = getattr(tag, f"{measure.value}_interval")
    return _in_points(tag.tag, getattr(tag, measure.value), interval, check)


def _mean_row(entry: VariantVerdict) -> ForestRow:
    check = _check(entry.budgets, "max_map_drop")
    return _in_points(
        words.mean_ap(entry.n_scored_tags), entry.map_drop, entry.map_drop_interval, check
    )


def _in_points(
    label: str, value: float | None, interval: Bounds | None, check: Check | None
) -> ForestRow:
    return ForestRow(
        label=label,
        value=None if value is None else 100 * value,
        interval=(100 * interval[0], 100 * interval[1]) if interval else None,
        limit=100 * check.limit if check else None,
        decision=check.verdict if check else "not judged",
    )


def _check(checks: Iterable[Check], budget: str) -> Check | None:
    return next((check for check in checks if check.budget == budget), None)


def _open(tag: TagVerdict, losses: tuple[LossMeasure, ...]) -> str:
    """Say what broke, what is missing, and what was lost without a margin, in few words."""
    notes = []
    for check in tag.checks:
        what = LIMITS[check.budget].words
        if check.verdict == "fail":
            notes.append(what)
        elif check.verdict == "undecided":
            wanted = check.needs
            more = f": {format_count(wanted.more)} more {wanted.of}" if wanted else ""
            notes.append(f"{what}{more}")
    if losses:
        notes.append(f"lost beyond chance: {', '.join(LOST[measure] for measure in losses)}")
    return "; ".join(notes)


def section(view: View) -> Values:
    """Return what the section shows."""
    return {"tags": [tags_of(view, *numbered) for numbered in enumerate(view.all_scored())]}
