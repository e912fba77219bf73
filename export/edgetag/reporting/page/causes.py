"""Why a variant drifted: layers that add error, and what a mistake in the app would look like."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from edgetag.explaining.result import Blame, LayerError, MistakeCost, PreprocessingDrift
from edgetag.reporting.page import words
from edgetag.reporting.page.grid import Cell, Column, Grid, cells, with_interval
from edgetag.reporting.page.sources import View
from edgetag.reporting.plots.layers import layer_errors

LAYERS_SHOWN = 12


@dataclass(frozen=True)
class BlameOf:
    """Layers of one variant, the worst first; `left_out` have a smaller part."""

    variant: str
    title: str
    svg: Markup
    layers: Grid
    left_out: int


@dataclass(frozen=True)
class MistakesOf:
    """What each mistake in preprocessing costs one variant; `without_effect` changed no image."""

    variant: str
    title: str
    mistakes: Grid
    without_effect: tuple[str, ...]


def blames(view: View) -> Iterator[BlameOf]:
    """Yield each variant whose layers were compared, the one that ships first."""
    explanation = view.sources.explanation
    found = [one for one in explanation.blame if one.layers] if explanation else []
    for number, blame in enumerate(sorted(found, key=lambda one: one.variant != view.bundled)):
        images = words.plural(blame.images, "image")
        yield BlameOf(
            variant=blame.variant,
            title=f"{blame.variant} on {blame.runtime}, {images}",
            svg=layer_errors(
                blame, name=f"layers{number}",
                label=f"Error of each operator of {blame.variant} from input to output; "
                "the table below has the worst.",
            ),
            layers=_layers_grid(blame),
            left_out=max(0, len(blame.layers) - LAYERS_SHOWN),
        )  # fmt: skip


def _layers_grid(blame: Blame) -> Grid:
    columns = (
        Column("rank"), Column("layer", numeric=False, wide="code"),
        Column("operator", numeric=False, wide="prose"),
        Column("place", note="from the input"), Column("adds", note="relative error"),
        Column("error", note="relative"),
    )  # fmt: skip
    most = max(layer.added for layer in blame.layers)
    rows = tuple(
        _layer_cells(rank, layer, most)
        for rank, layer in enumerate(blame.layers[:LAYERS_SHOWN], start=1)
    )
    return Grid(f"Layers of {blame.variant} that add most error", columns, rows)


def _layer_cells(rank: int, layer: LayerError, most: float) -> tuple[Cell, ...]:
    added = Cell(words.fraction(layer.added), share=layer.added / most if most else 0.0)
    return cells([
        str(rank), Cell(layer.name, code=True), Cell(layer.operator, code=True), str(layer.index),
        added, words.fraction(layer.error),
    ])  # fmt: skip


def mistakes(view: View) -> Iterator[MistakesOf]:
    """Yield each variant that was fed wrongly on purpose, the one that ships first."""
    explanation = view.sources.explanation
    found = explanation.preprocessing if explanation else ()
    for drift in sorted(found, key=lambda one: one.variant != view.bundled):
        images = words.plural(drift.images, "image")
        yield MistakesOf(
            variant=drift.variant,
            title=f"{drift.variant} on {drift.runtime}, {images} of {drift.split}, "
            f"mAP {words.fraction(drift.map)} over {_tags(drift)} when fed rightly",
            mistakes=_mistakes_grid(drift),
            without_effect=drift.without_effect,
        )


def _tags(drift: PreprocessingDrift) -> str:
    scored = drift.n_scored_tags
    return "scored tags" if scored is None else words.plural(scored, "tag")


def _mistakes_grid(drift: PreprocessingDrift) -> Grid:
    columns = (
        Column("mistake", numeric=False),
        Column("what the app does", numeric=False, wide="prose"),
        Column("how to recognize it", numeric=False, wide="prose"),
        Column("images", note="that it changes"), Column("mAP"),
        Column("drop", note="points [interval]"),
        Column("changed", note="decisions"), Column("scores move by", note="on average"),
        Column("hurts most", numeric=False),
    )  # fmt: skip
    rows = tuple(_mistake_cells(one) for one in drift.mistakes)
    return Grid(f"Mistakes in preprocessing, {drift.variant}", columns, rows)


def _mistake_cells(one: MistakeCost) -> tuple[Cell, ...]:
    return cells([
        one.mistake, one.what, one.sign, words.count(one.images_changed), words.fraction(one.map),
        with_interval(words.points(one.map_drop), words.interval(one.map_drop_interval)),
        words.percent(one.flip_rate), words.fraction(one.mean_score_difference),
        ", ".join(one.tags_hurt) or "–",
    ])  # fmt: skip
