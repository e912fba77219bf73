"""One tag before and after: precision over recall, and how far scores can be believed.

A page has dozens of these. The frame of all is drawn by matplotlib, once; what differs are lines
and circles in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

from markupsafe import Markup

from edgetag.reporting.plots import drawing
from edgetag.reporting.plots.drawing import short
from edgetag.validation.details import CalibrationBin, Curve, TagCurves

SIZE_PX = {"width_px": 330, "height_px": 178}
SIDE_PX = 122
LEFT_PX, RIGHT_PX = 36, 36 + SIDE_PX + 46
BOTTOM_PX = 42
FIRST, LAST = -0.02, 1.02
"""Where axes begin and end, so that a line at 0 or 1 is not cut."""

FRAME = "curves-frame"

Shape = tuple[str, Mapping[str, str]]


def frame() -> Markup:
    """Draw the axes of every plot of a page; the page has it once, before the first plot."""

    def paint(figure: Any) -> None:
        _square(figure, LEFT_PX, "recall", "precision")
        right = _square(figure, RIGHT_PX, "score", "share that has it")
        right.plot((0, 1), (0, 1), color=drawing.RULE, linewidth=1)

    return drawing.draw_symbol(paint, **SIZE_PX, name=FRAME)


def _square(figure: Any, left_px: float, across: str, up: str) -> Any:
    axes = drawing.axes_at(figure, left_px, BOTTOM_PX, SIDE_PX, SIDE_PX)
    axes.set_xlim(FIRST, LAST)
    axes.set_ylim(FIRST, LAST)
    ticks, words = (0, 0.5, 1), ("0", "0.5", "1")
    axes.set_xticks(ticks, labels=words)
    axes.set_yticks(ticks, labels=words)
    axes.set_xlabel(across, labelpad=2)
    axes.set_ylabel(up, labelpad=1)
    return axes


def tag_curves(tag: TagCurves, *, label: str) -> Markup:
    """Draw precision over recall on the left and calibration on the right, over the `frame`."""
    before, after = drawing.variable(drawing.BEFORE), drawing.variable(drawing.AFTER)
    shapes = [
        _curve(tag.before, f"stroke:{before};stroke-width:1.6;stroke-dasharray:4.8,2.56"),
        _curve(tag.after, f"stroke:{after};stroke-width:1.6"),
        *_calibration(tag.calibration_before, f"fill:none;stroke:{before};stroke-width:1.3"),
        *_calibration(
            tag.calibration_after, f"fill:{after};stroke:{after};stroke-width:1.3;opacity:0.75"
        ),
    ]
    return drawing.with_symbol(FRAME, shapes, **SIZE_PX, label=label)


def _across(value: float, left_px: float) -> str:
    return short(left_px + SIDE_PX * (value - FIRST) / (LAST - FIRST))


def _down(value: float) -> str:
    share = (value - FIRST) / (LAST - FIRST)
    return short(SIZE_PX["height_px"] - BOTTOM_PX - SIDE_PX * share)


def _curve(curve: Curve, style: str) -> Shape:
    """Draw steps: average precision sums each recall step at the precision it ends with."""
    x, y = _across(curve.recall[0], LEFT_PX), _down(curve.precision[0])
    parts = [f"M{x} {y}"]
    for recall, precision in zip(curve.recall[1:], curve.precision[1:], strict=True):
        across, down = _across(recall, LEFT_PX), _down(precision)
        if down != y:
            parts.append(f"V{down}")
        if across != x:
            parts.append(f"H{across}")
        x, y = across, down
    return "path", {"d": "".join(parts), "style": f"fill:none;{style}"}


def _calibration(bins: Sequence[CalibrationBin], style: str) -> Iterator[Shape]:
    """Draw each bin that has images; the area of a mark grows with their number."""
    most = max((bin_.images for bin_ in bins), default=0)
    for bin_ in bins:
        if bin_.images:
            diameter = sqrt(10 + 50 * bin_.images / most)
            yield (
                "circle",
                {
                    "cx": _across(bin_.mean_score, RIGHT_PX),
                    "cy": _down(bin_.positive_share),
                    "r": short(diameter / 2),
                    "style": style,
                },
            )
