"""The front as a picture: accuracy against cost."""

from functools import partial
from typing import Any

from edgetag.reporting.plots.drawing import draw_file
from edgetag.search.choosing import front_of
from edgetag.search.result import SearchResult

AXES = {
    "multiplications": ("multiplications, millions", 1e6),
    "latency_ms": ("median latency, ms", 1.0),
    "arm_instructions": ("ARM instructions, millions", 1e6),
    "size_bytes": ("size, MB", 1e6),
    "gzip_bytes": ("size after gzip, MB", 1e6),
}
WIDTH_IN, HEIGHT_IN = 7.0, 4.5


def plot_of(result: SearchResult) -> str:
    """Return an SVG of all final trials; those of the front are filled, named and joined."""
    return draw_file(partial(_paint, result), width_in=WIDTH_IN, height_in=HEIGHT_IN)


def _paint(result: SearchResult, figure: Any) -> None:
    axes = figure.add_subplot()
    words, unit = AXES[result.cost]
    front = front_of(result.trials, result.cost)
    for trial in result.trials:
        if trial.is_final:
            place = trial.cost(result.cost) / unit, trial.accuracy
            axes.plot(*place, "o", color="tab:blue", mfc=None if trial in front else "none")
            if trial in front:
                axes.annotate(trial.name, place, (4, 4), textcoords="offset points", fontsize=7)
    costs = [trial.cost(result.cost) / unit for trial in front]
    axes.step(costs, [trial.accuracy for trial in front], where="post", linewidth=1, alpha=0.6)
    if result.float_map is not None:
        axes.axhline(result.float_map, color="0.6", linewidth=0.8, linestyle="dotted")
    axes.set_xlim(left=0)
    axes.set_xlabel(words)
    axes.set_ylabel("mAP, validation; dotted: float")
