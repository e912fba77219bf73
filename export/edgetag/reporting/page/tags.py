"""What happened to each tag: intervals as a forest plot, then every number."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edgetag.judging.checks import Bounds, Check
from edgetag.judging.decisions import RANK
from edgetag.recipe import LIMITS
from edgetag.reporting.losses import tag_losses
from edgetag.reporting.page import words
from edgetag.reporting.page.grid import Cell, Column, Grid, cells, decided, with_interval
from edgetag.reporting.page.sources import View
from edgetag.reporting.page.variants import Plot
from edgetag.reporting.plots.forest import ForestRow, forest
from edgetag.reporting.tables import NONE
from edgetag.reporting.wording import LOST
from edgetag.validation.result import LossMeasure, Operating, TagVerdict, VariantVerdict

MOST_DRAWN, MOST_LISTED = 40, 200
"""Tags per plot and per table, so that a large vocabulary does not make a large file."""


@dataclass(frozen=True)
class TagsOf:
    """One variant, tag by tag.

    Attributes:
        variant: Its name.
        title: With its runtime and split.
        decision: Worst of the tags that were judged, in words.
        forests: One per measure, with a row per scored tag.
        unscored: The other tags.
        total: How many tags there are; the worst ones are shown where they are too many.
        drawn: Most that a plot shows.
        listed: Most that a table shows.
        judged: What decides.
        operating: What an app may choose.
    """

    variant: str
    title: str
    decision: str
    forests: tuple[Plot, ...]
    unscored: tuple[str, ...]
    total: int
    drawn: int
    listed: int
    judged: Grid
    operating: Grid


@dataclass(frozen=True)
class _Measure:
    title: str
    budget: str
    value: Callable[[TagVerdict], float | None]
    interval: Callable[[TagVerdict], Bounds | None]


MEASURES = (
    _Measure(
        "Recall at the threshold", "max_recall_drop",
        lambda tag: tag.recall_drop, lambda tag: tag.recall_drop_interval,
    ),
    _Measure(
        "False positives at the threshold", "max_fpr_rise",
        lambda tag: tag.fpr_rise, lambda tag: tag.fpr_rise_interval,
    ),
    _Measure(
        "Average precision", "max_ap_drop",
        lambda tag: tag.ap_drop, lambda tag: tag.ap_drop_interval,
    ),
)  # fmt: skip


def tags_of(view: View, number: int, found: VariantVerdict) -> TagsOf:
    """Show one variant; `number` makes the names of its plots unique."""
    return TagsOf(
        variant=found.variant,
        title=f"{found.variant} on {found.runtime}, split {found.split}",
        decision=_in_all(found),
        forests=tuple(_forests(number, found)),
        unscored=tuple(tag.tag for tag in found.tags if not tag.scored)[:MOST_LISTED],
        total=len(found.tags),
        drawn=MOST_DRAWN,
        listed=MOST_LISTED,
        judged=_judged_grid(found),
        operating=_operating_grid(view, found),
    )


def _worst(tags: Iterable[TagVerdict], most: int) -> list[TagVerdict]:
    """Return at most so many, the worst where there are more, in their own order."""
    numbered = list(enumerate(tags))
    chosen = sorted(numbered, key=lambda one: (RANK[one[1].verdict], -abs(one[1].ap_drop or 0.0)))
    return [tag for _, tag in sorted(chosen[:most], key=lambda one: one[0])]


def _in_all(found: VariantVerdict) -> str:
    """Count the tags by what came of them."""
    counts = {word: sum(tag.verdict == word for tag in found.tags) for word in RANK}
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def _forests(number: int, found: VariantVerdict) -> Iterator[Plot]:
    scored = _worst((tag for tag in found.tags if tag.scored), MOST_DRAWN)
    for measure in MEASURES:
        rows = [_forest_row(measure, tag) for tag in scored]
        if measure.budget == "max_ap_drop" and found.map_drop is not None:
            rows.insert(0, _mean_row(found))
        if all(row.value is None for row in rows):
            continue
        svg = forest(
            rows,
            axis=f"{LIMITS[measure.budget].words}, points",
            name=f"forest{number}-{measure.budget.replace('_', '-')}",
            label=f"{measure.title} of {found.variant}, tag by tag, with intervals; "
            "the table below has the numbers.",
        )
        yield Plot(measure.title, svg)


def _forest_row(measure: _Measure, tag: TagVerdict) -> ForestRow:
    check = _check(tag.checks, measure.budget)
    return _in_points(tag.tag, measure.value(tag), measure.interval(tag), check)


def _mean_row(found: VariantVerdict) -> ForestRow:
    check = _check(found.budgets, "max_map_drop")
    return _in_points(
        words.mean_ap(found.n_scored_tags), found.map_drop, found.map_drop_interval, check
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


def _judged_grid(found: VariantVerdict) -> Grid:
    columns = (
        Column("tag", numeric=False), Column("verdict", numeric=False),
        Column("images", note="have it / not"), Column("AP"), Column("drop", note="points"),
        Column("recall"), Column("drop", note="points"), Column("false positives"),
        Column("rise", note="points"), Column("changed", note="lost / gained"),
        Column("McNemar", note="p after Holm"), Column("threshold", note="before → after"),
    )  # fmt: skip
    rows = tuple(
        _judged_cells(tag, tag_losses(found, tag.tag)) for tag in _worst(found.tags, MOST_LISTED)
    )
    return Grid(f"Tags of {found.variant}", columns, rows)


def _judged_cells(tag: TagVerdict, losses: tuple[LossMeasure, ...]) -> tuple[Cell, ...]:
    images = f"{words.count(tag.positives)} / {words.count(tag.negatives)}"
    threshold = f"{tag.reference_threshold:.3f} → {tag.threshold:.3f}"
    changed = NONE if tag.flips is None else words.count(tag.flips)
    decision = decided(tag.verdict, _open(tag, losses), with_losses=bool(losses))
    return cells([
        tag.tag, decision, images, words.fraction(tag.ap),
        with_interval(words.points(tag.ap_drop), words.interval(tag.ap_drop_interval)),
        words.percent(tag.recall),
        with_interval(words.points(tag.recall_drop), words.interval(tag.recall_drop_interval)),
        words.percent(tag.fpr),
        with_interval(words.points(tag.fpr_rise), words.interval(tag.fpr_rise_interval)),
        Cell(changed, f"{tag.lost} / {tag.gained}" if tag.flips else ""),
        words.chance(tag.mcnemar_p_holm), threshold,
    ])  # fmt: skip


def _open(tag: TagVerdict, losses: tuple[LossMeasure, ...]) -> str:
    """Say what broke, what is missing, and what was lost without a margin, in few words."""
    notes = []
    for check in tag.checks:
        what = LIMITS[check.budget].words
        if check.verdict == "fail":
            notes.append(what)
        elif check.verdict == "undecided":
            wanted = check.needs
            more = f": {words.count(wanted.more)} more {wanted.of}" if wanted else ""
            notes.append(f"{what}{more}")
    if losses:
        notes.append(f"lost beyond chance: {', '.join(LOST[measure] for measure in losses)}")
    return "; ".join(notes)


def _operating_grid(view: View, found: VariantVerdict) -> Grid:
    verdict = view.sources.verdict
    columns = (
        Column("tag", numeric=False),
        Column(f"recall at {words.percent(verdict.at_fpr)} false positives"),
        Column(f"false positives at {words.percent(verdict.at_recall)} recall"),
        Column("prevalence", note="stated"), Column("precision", note="at that prevalence"),
        Column("calibration error"), Column("F1"), Column("drop", note="points"),
        Column("gain", note="by own threshold, points"),
    )  # fmt: skip
    listed = _worst((tag for tag in found.tags if tag.scored), MOST_LISTED)
    rows = tuple(_operating_cells(view, tag) for tag in listed)
    return Grid(f"Operating points of {found.variant}, before → after", columns, rows)


def _operating_cells(view: View, tag: TagVerdict) -> tuple[Cell, ...]:
    def both(write: Callable[[float | None], str], of: Callable[[Operating], float | None]) -> str:
        sides = (tag.reference_operating, tag.operating)
        return " → ".join(write(of(side) if side else None) for side in sides)

    return cells([
        tag.tag, both(words.percent, lambda at: at.recall_at_fpr),
        both(words.percent, lambda at: at.fpr_at_recall),
        words.percent(view.sources.verdict.prevalence.get(tag.tag)),
        both(words.percent, lambda at: at.precision_at_prevalence),
        both(words.fraction, lambda at: at.calibration_error), words.fraction(tag.f1),
        with_interval(words.points(tag.f1_drop), words.interval(tag.f1_drop_interval)),
        words.points(tag.f1_gain),
    ])  # fmt: skip
