"""`edgetag mine`."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show


def mine(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag to look at, may be repeated; default: all.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Most findings of one kind and tag.")] = 20,
    folds: Annotated[
        int, typer.Option(min=2, max=20, help="Parts of the data, judged by models of the others.")
    ] = 5,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """List what deserves a look: labels that look wrong, pictures that are hard (mine/).

    A label is suspect where models that never saw the picture contradict it. After edgetag
    validate, pictures nearest to a threshold and decisions that compression changed are listed
    too. mine/index.html shows the pictures, mine/findings.csv has a row for each. Changes nothing.
    """
    loaded, workspace, progress = prepare(recipe, out, verbose)  # before TensorFlow's 8 s

    from edgetag.mining.stage import run
    from edgetag.mining.tables import mine_tables

    with workspace.locked():
        result = run(loaded, workspace, progress, tags=tuple(tag or ()), most=most, folds=folds)
    absent = [f"nothing {kind}: {reason}" for kind, reason in result.absent.items()]
    show(result, json, mine_tables(result), [*absent, f"page: {workspace.mine / 'index.html'}"])
