"""`edgetag heatmap`."""

from typing import Annotated

import typer

from edgetag.cli.editing import Exif, Folder, Keep, Model, Pictures, Variant, edit


def heatmap(
    model: Model,
    pictures: Pictures,
    out: Folder,
    tag: Annotated[
        str, typer.Option(metavar="TAG", help="Whose heat is drawn.", show_default=False)
    ],
    variant: Variant = None,
    exif: Exif = Keep.NO_GPS,
) -> None:
    """Draw over pictures where a tag is seen: the hotter, the more colour."""
    from edgetag.editing.edits import heat_of

    edit(model, pictures, out, variant, exif, lambda tagger: heat_of(tagger, tag))
