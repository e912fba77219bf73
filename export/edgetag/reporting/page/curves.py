"""Precision-recall and calibration of each scored tag, before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgetag.reporting.page.variants import Plot
from edgetag.reporting.page.view import Values, View
from edgetag.reporting.plots.curves import frame, tag_curves
from edgetag.tables.formats import format_fraction
from edgetag.validation.details import TagCurves
from edgetag.validation.result import TagVerdict, VariantVerdict

MOST_OF_BUNDLED, MOST_OF_OTHERS = 24, 12
"""Tags per variant, so that a large vocabulary does not make a large file."""


@dataclass(frozen=True)
class CurvesOf:
    """One variant's plots; `left_out` tags of `scored` are not drawn."""

    variant: str
    title: str
    plots: tuple[Plot, ...]
    scored: int
    left_out: int


def curves_of(view: View, entry: VariantVerdict) -> CurvesOf | None:
    """Draw one variant; None without curves."""
    details = view.details(entry.variant)
    if not details or not details.curves:
        return None
    verdicts = {tag.tag: tag for tag in entry.tags}
    most = MOST_OF_BUNDLED if entry.variant == view.bundled else MOST_OF_OTHERS
    drawn = _most_moved(details.curves, verdicts, most)
    plots = tuple(
        Plot(
            curves.tag,
            tag_curves(
                curves,
                label=f"Precision over recall, and calibration, of {curves.tag} before and after.",
            ),
            _caption(verdicts.get(curves.tag)),
        )
        for curves in drawn
    )
    return CurvesOf(
        variant=entry.variant,
        title=f"{entry.variant} on {entry.runtime}",
        plots=plots,
        scored=len(details.curves),
        left_out=len(details.curves) - len(drawn),
    )


def _most_moved(
    curves: Sequence[TagCurves], verdicts: dict[str, TagVerdict], most: int
) -> list[TagCurves]:
    """Return those whose average precision moved most, in the order of the tags."""

    def moved(curves: TagCurves) -> float:
        tag = verdicts.get(curves.tag)
        return abs(tag.ap_drop or 0.0) if tag else 0.0

    chosen = sorted(range(len(curves)), key=lambda at: -moved(curves[at]))[:most]
    return [curves[at] for at in sorted(chosen)]


def _caption(tag: TagVerdict | None) -> str:
    if tag is None or tag.ap is None or tag.ap_drop is None:
        return ""
    text = f"AP {format_fraction(tag.ap + tag.ap_drop)} → {format_fraction(tag.ap)}"
    if tag.operating and tag.reference_operating:
        before = format_fraction(tag.reference_operating.calibration_error)
        after = format_fraction(tag.operating.calibration_error)
        text += f" · calibration error {before} → {after}"
    return text


def section(view: View) -> Values:
    """Return what the section shows."""
    drawn = (curves_of(view, entry) for entry in view.all_scored())
    shown = [curves for curves in drawn if curves]
    return {"curves": shown, "frame": frame() if shown else ""}
