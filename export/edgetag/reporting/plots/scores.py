"""One tag's scores over many pictures, and what another threshold would decide."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from edgetag.reporting.plots import drawing
from edgetag.validation.operating import CURVE_SCORES, count_reaching

WIDTH_PX, ROW_PX = 330, 172
LEFT_PX, RIGHT_PX, BETWEEN_PX = 40, 8, 44
BOTTOM_PX, PANEL_PX = 42, 118
HALF_PX = (WIDTH_PX - LEFT_PX - BETWEEN_PX - RIGHT_PX) / 2
BINS = 25
CURVE_STEPS = 100


@dataclass(frozen=True, eq=False)
class KnownCurve:
    """What thresholds decided on pictures with labels.

    Attributes:
        recall: `[CURVE_SCORES]`: of the pictures with the tag, the share that is set.
        precision: `[CURVE_SCORES]`: of those that are set, the share that has it; NaN where none
            is.
        at: Recall and precision at the threshold that is used; the latter None where none is set.
    """

    recall: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    at: tuple[float, float | None]


def score_plots(
    scores: npt.NDArray[np.float32],
    threshold: float,
    known: KnownCurve | None = None,
    *,
    name: str,
    label: str,
) -> Markup:
    """Draw a histogram, beside it the pictures set over the threshold, below what is known.

    Pictures are counted on a scale of decades: most pictures lack most tags.

    Args:
        scores: `[pictures]`, at least one, 0..1.
        threshold: The score from which the tag is set; marked in all.
        known: Recall and precision among pictures with labels.
        name: Unique in the page.
        label: The plot in a sentence.
    """
    counts, edges = np.histogram(scores, BINS, (0.0, 1.0))
    at = np.arange(CURVE_STEPS + 1) / CURVE_STEPS
    kept = count_reaching(scores, at)
    marked = int(count_reaching(scores, np.array([threshold]))[0])
    rows = 1 if known is None else 2
    height = rows * ROW_PX

    def panel(figure: Any, left: float, row: int, width: float, across: str, up: str) -> Any:
        bottom = (rows - 1 - row) * ROW_PX + BOTTOM_PX
        axes = drawing.axes_at(figure, left, bottom, width, PANEL_PX)
        axes.set_xlim(0, 1)
        axes.set_xticks((0, 0.5, 1), labels=("0", "0.5", "1"))
        axes.set_xlabel(across, labelpad=2)
        axes.set_ylabel(up, labelpad=1)
        axes.axvline(threshold, color=drawing.FAIL, linewidth=1.2, dashes=(3, 2))
        return axes

    def paint(figure: Any) -> None:
        left = panel(figure, LEFT_PX, 0, HALF_PX, "score", "pictures")
        _count_in_decades(left, int(counts.max()))
        left.stairs(counts, edges, fill=True, color=drawing.BEFORE, alpha=0.55)
        beside = LEFT_PX + HALF_PX + BETWEEN_PX
        right = panel(figure, beside, 0, HALF_PX, "threshold", "pictures set")
        _count_in_decades(right, len(scores))
        right.step(at, kept, where="pre", color=drawing.AFTER, linewidth=1.6)
        right.plot([threshold], [marked], "o", color=drawing.FAIL, markersize=5, clip_on=False)
        if known is not None:
            whole = WIDTH_PX - LEFT_PX - RIGHT_PX
            below = panel(figure, LEFT_PX, 1, whole, "threshold", "of judged pictures")
            _draw_known(below, known, threshold)

    return drawing.draw(paint, width_px=WIDTH_PX, height_px=height, name=name, label=label)


def _draw_known(axes: Any, known: KnownCurve, threshold: float) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks((0, 0.5, 1), labels=("0", "0.5", "1"))
    lines = (
        (known.recall, known.at[0], "recall", drawing.AFTER, "-"),
        (known.precision, known.at[1], "precision", drawing.BEFORE, "--"),
    )
    for values, marked, label, colour, style in lines:
        axes.plot(CURVE_SCORES, values, style, color=colour, linewidth=1.6, label=label)
        if marked is not None:
            axes.plot([threshold], [marked], "o", color=drawing.FAIL, markersize=5, clip_on=False)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 0.98), ncols=2)


def _count_in_decades(axes: Any, most: int) -> None:
    axes.set_yscale("symlog", linthresh=1, linscale=0.4)
    decades = [10**power for power in range(len(str(most)))]
    shown = decades[:: -(-len(decades) // 4)]
    axes.set_yticks((0, *shown), labels=("0", *map(_short, shown)))
    axes.set_yticks((), minor=True)
    axes.set_ylim(0, max(2, most * 1.3))


def _short(count: int) -> str:
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size}{letter}"
    return str(count)
