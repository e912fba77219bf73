"""`edgetag train`."""

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def train(
    recipe: RecipePath, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Train the float network; goes on from the last finished epoch after a kill.

    Writes train/: the best weights by validation mAP, thresholds per tag, history.jsonl and
    TensorBoard logs.
    """
    run_verb("train", recipe, out, json, verbose)
