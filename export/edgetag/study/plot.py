"""Accuracy against latency, both with intervals, as an SVG file of its own."""

from functools import partial
from typing import Any

from edgetag.judging.checks import Bounds
from edgetag.reporting.plots.drawing import draw_file
from edgetag.study.result import Study

WIDTH_IN, HEIGHT_IN = 7.0, 4.5


def draw_study(study: Study) -> str:
    """Return an SVG with one point per file that was timed: its drop over its time.

    Nearer to the lower left is better; bars are the intervals. Hollow points are of splits that do
    not decide.
    """
    return draw_file(partial(_paint, study), width_in=WIDTH_IN, height_in=HEIGHT_IN)


def _paint(study: Study, figure: Any) -> None:
    from matplotlib import colormaps

    axes = figure.add_subplot()
    timed = [row for row in study.rows if row.latency_ratio is not None]
    for number, row in enumerate(timed):
        color, time = colormaps["tab10"](number % 10), row.latency_ratio
        for place, entry in enumerate(row.accuracy):
            if time is None or entry.map_drop is None:
                continue
            axes.errorbar(
                time.p50,
                100 * entry.map_drop,
                xerr=_reach(time.p50, time.interval),
                yerr=_reach(100 * entry.map_drop, _points(entry.map_drop_interval)),
                fmt="o",
                color=color,
                ecolor=color,
                elinewidth=1 if place == 0 else 0.5,
                markerfacecolor=color if place == 0 else "none",
                label=f"{row.name}, {entry.split}",
            )
    axes.axhline(0, color="0.6", linewidth=0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"time as a share of {study.base}")
    axes.set_ylabel("drop of mAP, points")
    if timed:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _points(bounds: Bounds | None) -> Bounds | None:
    return (100 * bounds[0], 100 * bounds[1]) if bounds else None


def _reach(value: float, bounds: Bounds | None) -> tuple[tuple[float], tuple[float]] | None:
    """Return how far bars reach to both sides; a percentile interval may leave the value out."""
    return ((max(0.0, value - bounds[0]),), (max(0.0, bounds[1] - value),)) if bounds else None
