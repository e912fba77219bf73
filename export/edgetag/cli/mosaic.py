"""`edgetag mosaic`."""

from typing import Annotated, Literal

import typer

from edgetag.cli.editing import Exif, Folder, Model, Pictures, Tags, edit
from edgetag.cli.options import BundleVariant, Json


def mosaic(
    model: Model,
    pictures: Pictures,
    out: Folder,
    tag: Tags = None,
    how: Annotated[
        Literal["pixelate", "blur", "fill"], typer.Option(help="What covers a region.")
    ] = "pixelate",
    level: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Cells are covered from this share of the peak's evidence on; lower covers more.",
        ),
    ] = 0.1,
    tile: Annotated[
        int, typer.Option(min=0, help="Side of a tile, in pixels; 0: a twelfth of the longer side.")
    ] = 0,
    variant: BundleVariant = None,
    exif: Exif = "no-gps",
    json: Json = False,
) -> None:
    """Cover where tags are seen, by default the bundle's sensitive ones.

    Pictures that do not have them are written as they are.

    How often that hides what it must depends on the model's maps: see docs/editing.md.
    """
    from edgetag.editing.edits import mosaic_of

    edit(
        model,
        pictures,
        out,
        variant,
        exif,
        json,
        lambda tagger: mosaic_of(tagger, tag or (), how, level, tile),
    )
