"""Tables of `explain/explain.json`, for the terminal."""

from edgetag.explaining.result import Explanation, PreprocessingDrift
from edgetag.reporting.sheets import layers_sheet, mistakes_sheet
from edgetag.reporting.tables import Sheet

SHOWN_LAYERS = 5
"""Layers of each variant that are shown; the JSON has them all."""


def explanation_sheets(result: Explanation) -> tuple[Sheet, ...]:
    """Return the layers to blame, what each mistake costs and how it shows, what was left out."""
    sheets = [layers_sheet(blame, SHOWN_LAYERS) for blame in result.blame]
    for drift in result.preprocessing:
        sheets += [mistakes_sheet(drift), signs_sheet(drift)]
    left_out = [(note,) for note in result.notes]
    left_out += [
        (f"no picture of {drift.split} shows these mistakes: {', '.join(drift.without_effect)}",)
        for drift in result.preprocessing
        if drift.without_effect
    ]
    if left_out:
        # A column named reason may wrap.
        sheets.append(Sheet("Left out", ("reason",), frozenset(), tuple(left_out)))
    return tuple(sheets)


def signs_sheet(drift: PreprocessingDrift) -> Sheet:
    """Show how each mistake is recognized in an app, and on how many pictures."""
    cells = tuple(
        (
            cost.mistake, cost.sign,
            f"{cost.images_changed} of {drift.images}",
        )
        for cost in drift.mistakes
    )  # fmt: skip
    headings = ("mistake", "how it shows", "images changed")
    return Sheet(f"How to tell, {drift.variant} in an app", headings, frozenset({2}), cells)
