"""What `heatmap`, `mosaic` and `crop` share: their arguments, and how they work and end."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from edgetag.cli.confined import confine_command
from edgetag.cli.models import open_model
from edgetag.cli.terminal import console_progress, show

if TYPE_CHECKING:
    from edgetag.editing.batch import Edit, Explainer
    from edgetag.tagging.listing import Listing
    from edgetag.tagging.tagger import Tagger


Keep = Literal["no-gps", "keep", "strip"]
"""What is kept of EXIF."""

Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A bundle, a .tflite file with heat maps, or an ensemble's .toml file.",
    ),
]
Pictures = Annotated[
    list[str], typer.Argument(metavar="PICTURES...", help="Files, folders, globs, archives.")
]
Folder = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Where pictures go, under their paths as they are named."
    ),
]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="May be repeated.")]
Exif = Annotated[
    Keep,
    typer.Option(help="What is kept of EXIF; no-gps: all but the place and the maker's own notes."),
]


def edit(
    model: Path,
    named: list[str],
    out: Path,
    variant: str | None,
    exif: Keep,
    json: bool,
    make: "Callable[[Tagger], Edit | Mapping[str, Edit]]",
) -> NoReturn:
    """Make every picture anew, tell what could not be, and end with 1 if there was any."""
    from edgetag.editing.batch import require_work
    from edgetag.tagging.listing import list_pictures

    listing = list_pictures(named)
    edits: dict[str, Edit] = {}

    def confine(tagger: "Tagger") -> None:
        made = make(tagger)
        edits.update(made if isinstance(made, Mapping) else {"": made})
        require_work(tagger, listing.pictures, out)
        confine_command(listing, [], [out])  # makes the folder, in which nothing can be taken away

    with open_model(model, variant, confine) as tagger:
        write(tagger, listing, out, exif, json, edits)


def write(
    explainer: "Explainer",
    listing: "Listing",
    out: Path,
    exif: Keep,
    json: bool,
    edits: "Mapping[str, Edit]",
) -> NoReturn:
    """Make every picture anew by what a model sees, and end as `edit` does."""
    from edgetag.editing.batch import edit_pictures
    from edgetag.tables.lists import left_table

    progress = console_progress()
    for sentence in listing.left_out():
        progress.say(sentence)
    made = edit_pictures(explainer, listing.pictures, out, edits, progress, exif)
    tables = [left_table("Not written", made.failed)] if made.failed else []
    of_all = made.written + len(made.failed)
    show(made, json, tables, [f"{out}: {made.written} of {of_all} pictures written"])
    raise typer.Exit(made.exit_code)
