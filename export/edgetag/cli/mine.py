"""`edgetag mine`."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show
from edgetag.label_noise.settings import FOLDS
from edgetag.mining.settings import MOST


def mine(
    recipe: RecipeOrRun,
    pictures: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PICTURES", help="Pictures without labels to look at too: files and folders."
        ),
    ] = None,
    out: RunFolder = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag to look at, may be repeated; default: all.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Most findings of one kind and tag.")] = MOST,
    folds: Annotated[
        int, typer.Option(min=2, max=20, help="Parts of the data, judged by models of the others.")
    ] = FOLDS,
    erase: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=1000,
            help="Cover the hottest part in up to N training pictures of each tag, look again, and "
            "write them with their labels (mine/erased/).",
        ),
    ] = 0,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """List what deserves a look: labels that look wrong, pictures that are hard (mine/).

    A label is suspect where models that never saw the picture contradict it. After edgetag
    validate: pictures nearest to a threshold, far from training, on which models disagree, and
    decisions that compression changed; and whether the verdict would change if suspects were wrong.
    mine/index.html shows the pictures, mine/findings.csv has a row for each. Changes nothing.
    """
    loaded, workspace, progress = prepare(recipe, out, verbose)  # before TensorFlow's 8 s

    from edgetag.mining.stage import run
    from edgetag.mining.tables import mine_tables

    with workspace.locked():
        result = run(
            loaded,
            workspace,
            progress,
            pictures=pictures or (),
            tags=tag or (),
            most=most,
            folds=folds,
            erased=erase,
        )
    absent = [f"nothing {kind}: {reason}" for kind, reason in result.absent.items()]
    said = [*absent, *result.notes]
    show(result, json, mine_tables(result), [*said, f"page: {workspace.mine / 'index.html'}"])
