"""Why a variant drifted: layers that add error, and what a mistake in the app would look like."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from edgetag.explaining.result import PreprocessingDrift
from edgetag.explaining.tables import layers_table, mistakes_table
from edgetag.reporting.page.view import Values, View
from edgetag.reporting.plots.layers import layer_errors
from edgetag.tables import Table
from edgetag.tables.formats import counted, format_mean

LAYERS_SHOWN = 12


@dataclass(frozen=True)
class BlameOf:
    """Layers of one variant, the worst first; `left_out` have a smaller part."""

    variant: str
    title: str
    svg: Markup
    layers: Table
    left_out: int


@dataclass(frozen=True)
class MistakesOf:
    """What each mistake in preprocessing costs one variant; `without_effect` changed no image."""

    variant: str
    title: str
    mistakes: Table
    without_effect: tuple[str, ...]


def blames(view: View) -> Iterator[BlameOf]:
    """Yield each variant whose layers were compared, the one that ships first."""
    explanation = view.sources.explanation
    with_layers = [entry for entry in explanation.blame if entry.layers] if explanation else []
    for number, blame in enumerate(
        sorted(with_layers, key=lambda entry: entry.variant != view.bundled)
    ):
        images = counted(blame.images, "image")
        yield BlameOf(
            variant=blame.variant,
            title=f"{blame.variant} on {blame.runtime}, {images}",
            svg=layer_errors(
                blame,
                name=f"layers{number}",
                label=f"Error of each operator of {blame.variant} from input to output; "
                "the table below has the worst.",
            ),
            layers=layers_table(blame, LAYERS_SHOWN),
            left_out=max(0, len(blame.layers) - LAYERS_SHOWN),
        )


def mistakes(view: View) -> Iterator[MistakesOf]:
    """Yield each variant that was fed wrongly on purpose, the one that ships first."""
    explanation = view.sources.explanation
    drifts = explanation.preprocessing if explanation else ()
    for drift in sorted(drifts, key=lambda entry: entry.variant != view.bundled):
        images = counted(drift.images, "image")
        yield MistakesOf(
            variant=drift.variant,
            title=f"{drift.variant} on {drift.runtime}, {images} of {drift.split}, "
            f"mAP {format_mean(drift.map)} over {_tags(drift)} when fed rightly",
            mistakes=mistakes_table(drift),
            without_effect=drift.without_effect,
        )


def _tags(drift: PreprocessingDrift) -> str:
    scored = drift.n_scored_tags
    return "scored tags" if scored is None else counted(scored, "tag")


def layers_section(view: View) -> Values:
    """Return what the section on layers shows."""
    return {"blames": list(blames(view))}


def preprocessing_section(view: View) -> Values:
    """Return what the section on mistakes in preprocessing shows."""
    return {"mistakes": list(mistakes(view))}
