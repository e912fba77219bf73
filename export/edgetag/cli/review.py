"""`edgetag review`: the page, and export and import of what people said there."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.options import Json, RecipeOrRun, RunFolder, TokenFile
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show

app = typer.Typer(
    cls=DefaultGroup,
    help="A page on which people correct labels; review export and review import take answers "
    "out and in.",
)


@app.command("run", epilog="See also: edgetag review export, edgetag review import.")
def review(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; default: 127.0.0.1, this machine."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port; 0 for any.")] = 8001,
    token_file: TokenFile = None,
) -> None:
    """Open a page on which people correct labels, what edgetag mine found first (review/).

    Needs built data: edgetag data build. Ends after SIGTERM or Ctrl-C. The source's labels stay as
    they are: edgetag review export writes a table for the recipe's data.corrections.
    """
    loaded, workspace, progress = prepare(recipe, out, verbose=False)

    from edgetag.errors import MissingExtraError
    from edgetag.serving.settings import read_settings

    try:
        from edgetag.reviewing.running import run
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(error.name), "serve") from None
    options = {"host": host, "port": port, "token_file": token_file}
    run(loaded, workspace, read_settings(None, options), progress)


@app.command("export")
def export_(
    recipe: RecipeOrRun,
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            metavar="FILE",
            help="What is written; with hydrus the folder of the pictures, or of copies.",
        ),
    ],
    form: Annotated[
        Literal["answers", "wide", "hydrus", "label-studio"],
        typer.Option(
            "--format",
            help="answers: a row for each answer, for data.corrections; wide: all labels as "
            "corrected; hydrus: a text file beside each picture; label-studio: JSON.",
        ),
    ] = "answers",
    out: RunFolder = None,
    json: Json = False,
) -> None:
    """Write what people said, or the labels as they corrected them."""
    loaded, workspace, _ = prepare(recipe, out, verbose=False)

    from edgetag.reviewing.exchange import export

    result = export(workspace, loaded, form, to)
    show(result, json, (), result.sentences())


@app.command("import")
def import_(
    recipe: RecipeOrRun,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Tables of answers or labels (.csv, .jsonl, .parquet), such as the app's "
            "corrections.csv, or Label Studio's export (.json).",
        ),
    ],
    out: RunFolder = None,
    json: Json = False,
) -> None:
    """Keep answers that people gave elsewhere; a file that is read twice changes nothing."""
    loaded, workspace, _ = prepare(recipe, out, verbose=False)

    from edgetag.reviewing.exchange import take_in

    result = take_in(workspace, loaded, files)
    show(result, json, (), result.sentences())
