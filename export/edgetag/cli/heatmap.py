"""`edgetag heatmap`."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.editing import Exif, Folder, Pictures, edit, write
from edgetag.cli.options import BundleVariant, Json

Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A bundle, a .tflite file with heat maps, an ensemble's .toml file, or a run folder, "
        "whose float model TensorFlow runs.",
    ),
]


def heatmap(
    model: Model,
    pictures: Pictures,
    out: Folder,
    tag: Annotated[str, typer.Option(metavar="TAG", help="Whose heat is drawn.")],
    variant: BundleVariant = None,
    exif: Exif = "no-gps",
    json: Json = False,
) -> None:
    """Draw over pictures where a tag is seen: the hotter, the more colour.

    A run folder's float model can do that whatever its network is, by Grad-CAM if need be.
    """
    from edgetag.editing.edits import heat_of

    if model.is_dir():
        from edgetag.cli.stages import read_recipe
        from edgetag.float_tagger import FloatTagger
        from edgetag.tagging.listing import list_pictures
        from edgetag.workspace import Workspace

        explainer = FloatTagger(read_recipe(model), Workspace(model), tag)
        write(explainer, list_pictures(pictures), out, exif, json, {"": heat_of(explainer, tag)})
    edit(model, pictures, out, variant, exif, json, lambda tagger: heat_of(tagger, tag))
