"""Tables of what explains a loss: layers to blame, and mistakes in an app's preprocessing."""

from edgetag.explaining.result import Blame, Explanation, LayerError, PreprocessingDrift
from edgetag.tables import Cell, Code, Column, Number, Prose, Rows, Table, points
from edgetag.tables.formats import format_fraction, format_mean, format_percent

SHOWN_LAYERS = 5
"""Layers of each variant that a terminal shows; the JSON has them all."""


def explanation_tables(result: Explanation) -> tuple[Table, ...]:
    """Return the layers to blame, what each mistake costs and how it shows, what was left out."""
    tables = [layers_table(blame, SHOWN_LAYERS) for blame in result.blame]
    for drift in result.preprocessing:
        tables += [mistakes_table(drift), signs_table(drift)]
    left_out = [*result.notes]
    left_out += [
        f"no picture of {drift.split} shows these mistakes: {', '.join(drift.without_effect)}"
        for drift in result.preprocessing
        if drift.without_effect
    ]
    if left_out:
        tables.append(Rows(left_out).table("Left out", Prose("reason", str)))
    return tuple(tables)


def layers_table(blame: Blame, shown: int = 10) -> Table:
    """Show the layers that add most to a variant's error, the worst first."""
    most = max((layer.added for layer in blame.layers), default=0.0)

    def added(layer: LayerError) -> Cell:
        return Cell(format_fraction(layer.added), share=layer.added / most if most else 0.0)

    ranks = {layer.index: rank for rank, layer in enumerate(blame.layers, start=1)}
    return Rows(blame.layers[:shown]).table(
        f"Layers to blame in {blame.variant} on {blame.runtime}",
        Number("rank", lambda layer: ranks[layer.index], only="page"),
        Code("layer", lambda layer: layer.name),
        Code("operator", lambda layer: layer.operator),
        Number("place", lambda layer: layer.index, note="from the input", only="page"),
        Number("error", lambda layer: format_fraction(layer.error)),
        Number("added", added),
    )


def mistakes_table(drift: PreprocessingDrift) -> Table:
    """Show what mistakes in an app's preprocessing would cost, and on the page how they show."""
    return Rows(drift.mistakes).table(
        f"Mistakes in preprocessing, {drift.variant} on {drift.runtime}",
        Column("mistake", lambda cost: cost.mistake),
        Prose("what the app does", lambda cost: cost.what),
        Prose("how it shows", lambda cost: cost.sign, only="page"),
        Number("images", lambda cost: cost.images_changed, note="that it changes", only="page"),
        Number("mAP", lambda cost: format_mean(cost.map)),
        points("drop", lambda cost: (cost.map_drop, cost.map_drop_interval)),
        Number("flips", lambda cost: format_percent(cost.flip_rate)),
        Number(
            "scores move by",
            lambda cost: format_fraction(cost.mean_score_difference),
            note="on average",
            only="page",
        ),
        Column("tags hurt most", lambda cost: ", ".join(cost.tags_hurt) or None),
    )


def signs_table(drift: PreprocessingDrift) -> Table:
    """Show how each mistake is recognized in an app, and on how many pictures."""
    return Rows(drift.mistakes).table(
        f"How to tell, {drift.variant} in an app",
        Column("mistake", lambda cost: cost.mistake),
        Prose("how it shows", lambda cost: cost.sign),
        Number("images changed", lambda cost: f"{cost.images_changed} of {drift.images}"),
    )
