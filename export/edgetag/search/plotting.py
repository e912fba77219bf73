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
    """Return an SVG of all trials; those of the front are filled, named and joined.

    Crosses have not had all of their training.
    """
    return draw_file(partial(_paint, result), width_in=WIDTH_IN, height_in=HEIGHT_IN)


def _paint(result: SearchResult, figure: Any) -> None:
    axes = figure.add_subplot()
    words, unit = AXES[result.cost]
    front = front_of(result.trials, result.cost)
    shown = [trial for trial in result.trials if trial.accuracy >= 0]
    most = max((trial.cost(result.cost) for trial in shown), default=0.0)
    for trial in shown:
        place = trial.cost(result.cost) / unit, trial.accuracy
        if not trial.is_final:
            axes.plot(*place, "x", color="0.7")
            continue
        axes.plot(*place, "o", color="tab:blue", mfc=None if trial in front else "none")
        if trial in front:
            side = "right" if trial.cost(result.cost) > most / 2 else "left"
            axes.annotate(
                trial.name, place, (0, 5), textcoords="offset points", fontsize=7, ha=side
            )
    costs = [trial.cost(result.cost) / unit for trial in front]
    axes.step(costs, [trial.accuracy for trial in front], where="post", linewidth=1, alpha=0.6)
    if result.float_map is not None:
        axes.axhline(result.float_map, color="0.6", linewidth=0.8, linestyle="dotted")
    axes.set_xlim(left=0)
    axes.margins(y=0.1)
    axes.set_xlabel(words)
    axes.set_ylabel("mAP, validation; dotted: float")
