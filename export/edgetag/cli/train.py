"""`edgetag train`."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def train(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew instead of after the last finished epoch.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train the float network; goes on from the last finished epoch after a kill.

    Writes train/: the best weights by validation mAP, thresholds per tag, history.jsonl and
    TensorBoard logs. All visible GPUs are used. With TF_CONFIG set, several machines train
    together: build the data on each, then run this verb on each; the first worker writes.
    """
    run_verb("train", recipe, out, json, verbose, fresh=fresh)
