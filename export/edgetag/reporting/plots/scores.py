"""One tag's scores over many pictures, and how many are set as its threshold moves."""

from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from edgetag.reporting.plots import drawing

WIDTH_PX, HEIGHT_PX = 330, 172
LEFT_PX, BOTTOM_PX, BETWEEN_PX = 40, 42, 44
PANEL_PX = (WIDTH_PX - LEFT_PX - BETWEEN_PX - 8) / 2, 118
BINS = 25
CURVE_STEPS = 100


def score_plots(
    scores: npt.NDArray[np.float32], threshold: float, *, name: str, label: str
) -> Markup:
    """Draw a histogram on the left, and pictures set over the threshold on the right.

    Pictures are counted on a scale of decades: most pictures lack most tags.

    There must be at least one score, 0..1; the threshold is marked in both.
    """
    counts, edges = np.histogram(scores, BINS, (0.0, 1.0))
    at = np.arange(CURVE_STEPS + 1) / CURVE_STEPS
    kept = set_from(scores, at)
    marked = int(set_from(scores, np.array([threshold]))[0])

    def paint(figure: Any) -> None:
        left = _panel(figure, 0, "score", "pictures", int(counts.max()))
        left.stairs(counts, edges, fill=True, color=drawing.BEFORE, alpha=0.55)
        right = _panel(figure, 1, "threshold", "pictures set", len(scores))
        right.step(at, kept, where="pre", color=drawing.AFTER, linewidth=1.6)
        for axes in (left, right):
            axes.axvline(threshold, color=drawing.FAIL, linewidth=1.2, dashes=(3, 2))
        right.plot([threshold], [marked], "o", color=drawing.FAIL, markersize=5, clip_on=False)

    return drawing.draw(paint, width_px=WIDTH_PX, height_px=HEIGHT_PX, name=name, label=label)


def set_from(
    scores: npt.NDArray[np.float32], thresholds: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Return how many scores reach each threshold, as a tag is decided: in float32."""
    ordered = np.sort(scores)
    below = np.searchsorted(ordered, thresholds.astype(np.float32), side="left")
    return len(scores) - below


def _panel(figure: Any, number: int, across: str, up: str, most: int) -> Any:
    width, height = PANEL_PX
    left = LEFT_PX + number * (width + BETWEEN_PX)
    axes = drawing.axes_at(figure, left, BOTTOM_PX, width, height)
    axes.set_xlim(0, 1)
    axes.set_xticks((0, 0.5, 1), labels=("0", "0.5", "1"))
    axes.set_yscale("symlog", linthresh=1, linscale=0.4)
    decades = [10**power for power in range(len(str(most)))]
    shown = decades[:: -(-len(decades) // 4)]
    axes.set_yticks((0, *shown), labels=("0", *map(_short, shown)))
    axes.set_yticks((), minor=True)
    axes.set_ylim(0, max(2, most * 1.3))
    axes.set_xlabel(across, labelpad=2)
    axes.set_ylabel(up, labelpad=1)
    return axes


def _short(count: int) -> str:
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size}{letter}"
    return str(count)
