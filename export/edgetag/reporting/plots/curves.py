"""One tag before and after: precision over recall, and how far scores can be believed."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from edgetag.reporting.plots import drawing
from edgetag.validation.details import CalibrationBin, Curve, TagCurves

WIDTH_PX, HEIGHT_PX = 330, 178
SIDE_PX = 122


def tag_curves(tag: TagCurves, *, name: str, label: str) -> Markup:
    """Draw precision over recall on the left and calibration on the right."""

    def paint(figure: Any) -> None:
        left = _square(figure, 36, "recall", "precision")
        _curve(left, tag.before, drawing.BEFORE, 1.6, (3, 1.6))
        _curve(left, tag.after, drawing.AFTER, 1.6, None)
        right = _square(figure, 36 + SIDE_PX + 46, "score", "share that has it")
        right.plot((0, 1), (0, 1), color=drawing.RULE, linewidth=1)
        _calibration(right, tag.calibration_before, drawing.BEFORE, hollow=True)
        _calibration(right, tag.calibration_after, drawing.AFTER, hollow=False)

    return drawing.draw(paint, width_px=WIDTH_PX, height_px=HEIGHT_PX, name=name, label=label)


def _square(figure: Any, left_px: float, across: str, up: str) -> Any:
    axes = drawing.axes_at(figure, left_px, 42, SIDE_PX, SIDE_PX)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    ticks, words = (0, 0.5, 1), ("0", "0.5", "1")
    axes.set_xticks(ticks, labels=words)
    axes.set_yticks(ticks, labels=words)
    axes.set_xlabel(across, labelpad=2)
    axes.set_ylabel(up, labelpad=1)
    return axes


def _curve(
    axes: Any, curve: Curve, colour: str, width: float, dashes: tuple[float, float] | None
) -> None:
    style = {"dashes": dashes} if dashes else {}
    # Average precision sums each recall step at the precision it ends with.
    axes.step(curve.recall, curve.precision, where="pre", color=colour, linewidth=width, **style)


def _calibration(axes: Any, bins: Sequence[CalibrationBin], colour: str, *, hollow: bool) -> None:
    """Draw each bin that has images; the area of a mark grows with their number."""
    filled = [bin_ for bin_ in bins if bin_.images]
    if not filled:
        return
    most = max(bin_.images for bin_ in filled)
    axes.scatter(
        [bin_.mean_score for bin_ in filled],
        [bin_.positive_share for bin_ in filled],
        s=[10 + 50 * bin_.images / most for bin_ in filled],
        facecolor="none" if hollow else colour,
        edgecolor=colour,
        linewidth=1.3,
        alpha=1 if hollow else 0.75,
        clip_on=False,
        zorder=3,
    )
