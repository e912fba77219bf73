"""`edgetag ci`: export."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, NoBaseline, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import accepted_state, prepare
from edgetag.cli.terminal import show

app = typer.Typer(no_args_is_help=True, help="Give a CI job all that it judges a model by.")


@app.command("export")
def export(
    recipe: RecipeOrRun,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A new folder, or one exported before.")
    ],
    out: RunFolder = None,
    variant: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The file that is judged; default: the one that ships."),
    ] = None,
    edgetag: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where the job installs edgetag from: git+https://…@TAG, or a wheel's address.",
        ),
    ] = None,
    place: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="FOLDER's path in the repository; default: where it lies now."
        ),
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Make this file's numbers the accepted state, and say why; default: baseline.json "
            "beside the recipe, if there is one.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The accepted state to take along.")
    ] = None,
    no_baseline: NoBaseline = False,
    max_mb: Annotated[
        int, typer.Option(min=1, help="Refuse to write more than so many megabytes.")
    ] = 500,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write a folder with which CI judges a model by the base install alone, without TensorFlow.

    It holds the file of a finished run, the pictures and labels of the judged splits, the recipe,
    the reference's scores, the accepted state and a GitHub workflow. The job's own command is run
    in it once: nothing is written unless that accepts the file.
    """
    from edgetag.ci.export import Wanted
    from edgetag.ci.export import export as export_folder
    from edgetag.ci.tables import export_sentences, export_table
    from edgetag.errors import InputError

    loaded, workspace, progress = prepare(recipe, out, verbose)
    if accept is not None and baseline is not None:
        raise InputError(
            "--accept makes an accepted state, --baseline takes one along; give one of them"
        )
    if accept is not None and not accept.strip():
        raise InputError('--accept is empty; say why this state is right: --accept "first release"')
    if recipe.is_dir() and baseline is None:
        no_baseline = True  # a run folder does not say where its recipe's state lies
    wanted = Wanted(
        variant=variant,
        place=place,
        requirement=edgetag,
        baseline=accepted_state(recipe, workspace, baseline, no_baseline),
        reason=accept,
        max_bytes=max_mb * 1_000_000,
    )
    with workspace.locked():
        result = export_folder(loaded, workspace, folder, progress, wanted)
    show(result, json, [export_table(result)], export_sentences(result, edgetag is not None))
