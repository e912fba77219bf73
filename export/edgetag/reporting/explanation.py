"""Tables of `explain/explain.json`, for the terminal."""

from edgetag.explaining.result import Blame, Explanation, PreprocessingDrift
from edgetag.reporting.tables import NONE, Sheet

SHOWN_LAYERS = 5
"""Layers of each variant that are shown; the JSON has them all."""


def explanation_sheets(result: Explanation) -> tuple[Sheet, ...]:
    """Return the layers to blame, what each mistake costs and how it shows, what was left out."""
    sheets = [_blame_sheet(result.blame)] if result.blame else []
    for drift in result.preprocessing:
        sheets += [_costs_sheet(drift), _signs_sheet(drift)]
    if result.notes:
        sheets.append(
            Sheet("Left out", ("note",), frozenset(), tuple((note,) for note in result.notes))
        )
    return tuple(sheets)


def _blame_sheet(blamed: tuple[Blame, ...]) -> Sheet:
    rows = tuple(
        (one.variant, str(layer.index), layer.operator, layer.name.split(";")[0],
         f"{layer.added:.3f}", f"{layer.error:.3f}")
        for one in blamed
        for layer in one.layers[:SHOWN_LAYERS]
    )  # fmt: skip
    title = f"Layers that add most error, of their signal; {blamed[0].images} images"
    headings = ("variant", "layer", "operator", "output", "adds", "error")
    return Sheet(title, headings, frozenset({1, 4, 5}), rows)


def _costs_sheet(drift: PreprocessingDrift) -> Sheet:
    rows = tuple(
        (
            cost.mistake,
            NONE if cost.map is None else f"{cost.map:.3f}",
            _points(cost.map_drop, cost.map_drop_interval),
            NONE if cost.flip_rate is None else f"{100 * cost.flip_rate:.1f} %",
            f"{cost.mean_score_difference:.3f}", ", ".join(cost.tags_hurt) or NONE,
        )
        for cost in drift.mistakes
    )  # fmt: skip
    right = NONE if drift.map is None else f"{drift.map:.3f}"
    title = (
        f"{drift.variant} wrongly fed; rightly fed mAP is {right} over {drift.n_scored_tags} tags "
        f"and {drift.images} images of {drift.split}"
    )
    if drift.without_effect:
        title += f"; these change none of them: {', '.join(drift.without_effect)}"
    headings = (
        "mistake", "mAP", "drop, points", "flips", "score difference",
        "tags hurt most",
    )  # fmt: skip
    return Sheet(title, headings, frozenset(range(1, 5)), rows)


def _signs_sheet(drift: PreprocessingDrift) -> Sheet:
    rows = tuple(
        (cost.mistake, cost.what, cost.sign, str(cost.images_changed)) for cost in drift.mistakes
    )
    headings = ("mistake", "what the app does", "how it shows", "images changed")
    return Sheet("How to tell", headings, frozenset({3}), rows)


def _points(drop: float | None, interval: tuple[float, float] | None) -> str:
    if drop is None:
        return NONE
    text = f"{100 * drop:.2f}"
    if interval is not None:
        text += f" [{100 * interval[0]:.2f}, {100 * interval[1]:.2f}]"
    return text.replace("-", "−")
