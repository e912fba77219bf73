"""Accuracy against a cost, with the variants marked that no other one beats on both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from edgetag.judging.checks import Bounds
from edgetag.reporting.plots import drawing

WIDTH_PX, HEIGHT_PX = 350, 250
LABELS_PX = 112
"""On the right, for the variants' names."""


@dataclass(frozen=True)
class Candidate:
    """One variant.

    `interval` is that of the accuracy; None where there is none.
    """

    label: str
    cost: float
    accuracy: float
    interval: Bounds | None


def pareto_front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return those that no other one beats: as cheap and as accurate, and better in one of both.

    The cheapest comes first.
    """
    front = [
        own
        for own in candidates
        if not any(
            other.cost <= own.cost
            and other.accuracy >= own.accuracy
            and (other.cost, other.accuracy) != (own.cost, own.accuracy)
            for other in candidates
        )
    ]
    return sorted(front, key=lambda own: (own.cost, own.accuracy))


def tradeoff(
    candidates: Sequence[Candidate],
    reference: float | None,
    *,
    axis: str,
    measure: str,
    name: str,
    label: str,
) -> Markup:
    """Draw each variant; those of the Pareto front are filled and joined.

    There must be at least one. `reference` is the accuracy of the float model, a dotted line;
    `axis` says what the cost is, with its unit, and `measure` what accuracy is.
    """
    front = pareto_front(candidates)

    def paint(figure: Any) -> None:
        left, right, top, bottom = 44, LABELS_PX, 10, 40
        size = (WIDTH_PX - left - right, HEIGHT_PX - top - bottom)
        axes = drawing.axes_at(figure, left, bottom, *size)
        axes.set_xlim(0, 1.08 * max(candidate.cost for candidate in candidates))
        axes.set_ylim(*_span(candidates, reference))
        if reference is not None:
            axes.axhline(reference, color=drawing.BEFORE, linewidth=1.2, dashes=(1, 2), zorder=1)
        axes.step(
            [candidate.cost for candidate in front],
            [candidate.accuracy for candidate in front],
            where="post",
            color=drawing.AFTER,
            linewidth=1.2,
            alpha=0.6,
            zorder=2,
        )
        for candidate in candidates:
            _point(axes, candidate, candidate in front)
        _names(axes, candidates, front)
        axes.locator_params(nbins=5)
        axes.set_xlabel(axis)
        axes.set_ylabel(measure)

    return drawing.draw(paint, width_px=WIDTH_PX, height_px=HEIGHT_PX, name=name, label=label)


def _span(candidates: Sequence[Candidate], reference: float | None) -> Bounds:
    ends = [] if reference is None else [reference]
    for candidate in candidates:
        ends += [candidate.accuracy, *(candidate.interval or ())]
    low, high = min(ends), max(ends)
    room = max(0.08 * (high - low), 0.002)
    return low - room, high + room


def _point(axes: Any, candidate: Candidate, best: bool) -> None:
    if candidate.interval:
        axes.plot(
            (candidate.cost,) * 2,
            candidate.interval,
            color=drawing.AFTER if best else drawing.MUTED,
            linewidth=1,
            alpha=0.55,
            zorder=2,
        )
    axes.plot(
        candidate.cost,
        candidate.accuracy,
        marker="o",
        markersize=7,
        linestyle="none",
        zorder=4,
        markeredgecolor=drawing.AFTER if best else drawing.MUTED,
        markeredgewidth=1.5,
        markerfacecolor=drawing.AFTER if best else drawing.PAPER,
    )


def _names(axes: Any, candidates: Sequence[Candidate], front: Sequence[Candidate]) -> None:
    """Write the names beside the plot, in the order of accuracy, each joined to its point."""
    ranked = sorted(candidates, key=lambda candidate: (-candidate.accuracy, candidate.cost))
    heights = _apart(
        [axes.transLimits.transform((0, candidate.accuracy))[1] for candidate in ranked]
    )
    for candidate, height in zip(ranked, heights, strict=True):
        axes.annotate(
            drawing.legible(candidate.label, 17),
            (candidate.cost, candidate.accuracy),
            xytext=(1.06, height),
            textcoords="axes fraction",
            va="center",
            ha="left",
            fontsize=10.5,
            color=drawing.INK if candidate in front else drawing.MUTED,
            parse_math=False,
            arrowprops={
                "arrowstyle": "-",
                "color": drawing.RULE,
                "linewidth": 0.8,
                "shrinkA": 1,
                "shrinkB": 5,
            },
        )


def _apart(heights: Sequence[float]) -> list[float]:
    """Move falling heights (shares of the axis) so far that lines of text do not overlap.

    Pushed down from the top first, then up again from the bottom where they left the axis.
    """
    line = min(15 / (HEIGHT_PX - 50), 1.0 / max(1, len(heights) - 1))
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - line) if placed else min(height, 1.0))
    floor = 0.0
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = max(placed[index], floor)
        floor = placed[index] + line
    return placed
