"""Intervals against margins, one row each: what a forest plot shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from edgetag.judging.checks import Bounds
from edgetag.judging.decisions import TagDecision
from edgetag.reporting.plots import drawing

WIDTH_PX = 350
ROW_PX = 22
LABEL_PX = 6.3
"""About the width of one letter."""

COLOURS = {"pass": drawing.PASS, "fail": drawing.FAIL, "undecided": drawing.UNDECIDED}
MARKERS = {"pass": "o", "fail": "X", "undecided": "D"}
"""The shape tells what the colour does; what is not judged is a small grey dot."""


@dataclass(frozen=True)
class ForestRow:
    """One interval.

    Numbers are in points. `value` is None where there is none, which is said in words; `limit`
    is the margin, None where nothing is judged.
    """

    label: str
    value: float | None
    interval: Bounds | None
    limit: float | None
    decision: TagDecision


def forest(rows: Sequence[ForestRow], *, axis: str, name: str, label: str) -> Markup:
    """Draw one row per interval, the first on top; more to the right is worse.

    There must be at least one; `axis` says what the numbers are.
    """
    top, bottom, right = 6, 40, 12
    height = top + ROW_PX * len(rows) + bottom
    names = [drawing.legible(row.label, 20) for row in rows]
    left = 14 + LABEL_PX * max(len(shown) for shown in names)

    def paint(figure: Any) -> None:
        size = (WIDTH_PX - left - right, ROW_PX * len(rows))
        axes = drawing.axes_at(figure, left, bottom, *size)
        low, high = _span(rows)
        axes.set_xlim(low, high)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.axvline(0, color=drawing.MUTED, linewidth=1, zorder=1)
        _margins(axes, rows, high)
        _intervals(axes, rows)
        _absences(axes, rows, low)
        axes.set_yticks(range(len(rows)), labels=names, color=drawing.INK, parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=6)
        axes.set_xlabel(axis)

    return drawing.draw(paint, width_px=WIDTH_PX, height_px=height, name=name, label=label)


def _span(rows: Sequence[ForestRow]) -> Bounds:
    """Return an axis that holds every interval, zero and every margin."""
    ends = [0.0]
    for row in rows:
        ends += row.interval or ()
        ends += [end for end in (row.value, row.limit) if end is not None]
    low, high = min(ends), max(ends)
    room = 0.06 * (high - low) or 0.1
    return low - room, high + room


def _margins(axes: Any, rows: Sequence[ForestRow], high: float) -> None:
    """Draw the margin of neighbours that have the same as one line, and shade what lies beyond."""
    first = 0
    for limit, alike in groupby(rows, key=lambda row: row.limit):
        last = first + len(list(alike))
        if limit is not None:
            ends = (first - 0.5, last - 0.5)
            axes.fill_betweenx(ends, limit, high, color=drawing.BEYOND, linewidth=0, zorder=0)
            axes.plot((limit,) * 2, ends, color=drawing.FAIL, linewidth=1.2, dashes=(3, 2))
        first = last


def _intervals(axes: Any, rows: Sequence[ForestRow]) -> None:
    """Draw all rows of one decision at once: they look alike."""
    for decision in dict.fromkeys(row.decision for row in rows):
        alike = [
            (position, row.value, row.interval)
            for position, row in enumerate(rows)
            if row.decision == decision and row.value is not None
        ]
        colour = COLOURS.get(decision, drawing.MUTED)
        spread = [(position, *interval) for position, _, interval in alike if interval]
        if spread:
            positions, lows, highs = zip(*spread, strict=True)
            axes.hlines(
                positions, lows, highs, color=colour, linewidth=2, capstyle="round", zorder=3
            )
        axes.plot(
            [value for _, value, _ in alike],
            [position for position, _, _ in alike],
            color=colour,
            zorder=4,
            linestyle="none",
            marker=MARKERS.get(decision, "."),
            markersize=7,
            markeredgewidth=1.4,
            markeredgecolor=drawing.PAPER if decision == "fail" else colour,
            markerfacecolor=drawing.PAPER if decision == "undecided" else colour,
        )


def _absences(axes: Any, rows: Sequence[ForestRow], low: float) -> None:
    for position, row in enumerate(rows):
        if row.value is None:
            axes.annotate(
                row.decision,
                (low, position),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                color=drawing.MUTED,
                fontsize=10,
                style="italic",
            )
