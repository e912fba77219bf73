"""`edgetag matrix`."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose


def matrix(
    recipe: RecipePath,
    out: RunFolder = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A runtime or a machine with all of its runtimes, such as litert, wasm, arm64 or "
            "litert@arm64; may be repeated. Default: all that edgetag knows.",
            show_default=False,
        ),
    ] = None,
    images: Annotated[
        int, typer.Option(min=1, help="Scored on every runtime, spread over the deciding split.")
    ] = 64,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show every exported file on every runtime: what loads, what agrees, at what cost (matrix/).

    Also proves the lowest runtime version that each file needs, by loading it in tflite-runtime.
    Exits with 1 if a file loads there although its operators say that it cannot, or the reverse.
    """
    from edgetag.cli.stages import prepare
    from edgetag.cli.terminal import print_json, print_tables
    from edgetag.device.on import Kind, resolve_for, runtime_names
    from edgetag.matrix.sheets import matrix_sheets
    from edgetag.matrix.stage import run
    from edgetag.reporting.tables import to_rich

    places = resolve_for("matrix", on or [], (Kind.HERE, Kind.EMULATED, Kind.WASM))
    loaded, workspace, progress = prepare(recipe, out, verbose)
    with workspace.locked():
        result = run(loaded, workspace, progress, runtime_names(places), images)
    if json:
        print_json(result)
    else:
        print_tables([to_rich(sheet) for sheet in matrix_sheets(result)])
        typer.echo(f"tables: {workspace.root / 'matrix' / 'matrix.md'}")
    raise typer.Exit(result.exit_code)
