"""`edgetag crop`."""

from typing import Annotated

import typer

from edgetag.cli.editing import Exif, Folder, Model, Pictures, edit
from edgetag.cli.options import BundleVariant, Json


def crop(
    model: Model,
    pictures: Pictures,
    out: Folder,
    shape: Annotated[
        list[str],
        typer.Option(
            metavar="W:H|WxH",
            help="16:9, the largest crop of that ratio; or 800x600, scaled to that size. May be "
            "repeated: each then has a folder of its own, such as 16-9.",
        ),
    ],
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="What is kept, needed; may be repeated."),
    ] = None,
    variant: BundleVariant = None,
    exif: Exif = "no-gps",
    json: Json = False,
) -> None:
    """Crop pictures to where tags are seen."""
    from edgetag.editing.edits import crops_of

    edit(
        model, pictures, out, variant, exif, json, lambda tagger: crops_of(tagger, tag or (), shape)
    )
