"""`edgetag crop`."""

from typing import Annotated

import typer

from edgetag.cli.editing import Exif, Folder, Keep, Model, Pictures, Tags, Variant, edit


def crop(
    model: Model,
    pictures: Pictures,
    out: Folder,
    shape: Annotated[
        str,
        typer.Option(
            metavar="W:H|WxH",
            help="16:9, the largest crop of that ratio; or 800x600, scaled to that size.",
            show_default=False,
        ),
    ],
    tag: Tags = None,
    variant: Variant = None,
    exif: Exif = Keep.NO_GPS,
) -> None:
    """Crop pictures to where tags are seen."""
    from edgetag.editing.edits import crop_of

    edit(model, pictures, out, variant, exif, lambda tagger: crop_of(tagger, tag or (), shape))
