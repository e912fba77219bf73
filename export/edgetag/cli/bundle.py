"""`edgetag bundle`."""

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def bundle(
    recipe: RecipePath, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Pack what an app ships: model, labels, thresholds, preprocessing, digests (bundle/)."""
    run_verb("bundle", recipe, out, json, verbose)
