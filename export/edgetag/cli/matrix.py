"""`edgetag matrix`."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import print_json


def matrix(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A runtime or a machine with all of its runtimes, such as litert, wasm, arm64 or "
            "litert@arm64; may be repeated. Default: all that edgetag knows.",
        ),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Scored on every runtime, spread over the deciding split; default: 64, and 16 "
            "where an emulated machine takes part.",
        ),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show every exported file on every runtime: what loads, what agrees, at what cost (matrix/).

    Counts ARM instructions where an emulated machine can, and shows latencies of edgetag bench.
    Holds the lowest runtime version of each file against tflite-runtime. Exits with 1 if a file's
    scores elsewhere are not those of the same engine here, or if it loads in tflite-runtime
    although its operators say that it cannot, or the reverse. Prints Markdown.
    """
    from edgetag.targets.matrix.stage import run
    from edgetag.targets.matrix.tables import to_markdown_page
    from edgetag.targets.naming import resolve_for, runtime_names

    places = resolve_for("matrix", on or [])
    loaded, workspace, progress = prepare(recipe, out, verbose)
    with workspace.locked():
        result = run(loaded, workspace, progress, runtime_names(places), images)
    if json:
        print_json(result)
    else:
        typer.echo(to_markdown_page(result), nl=False)
    raise typer.Exit(result.exit_code)
