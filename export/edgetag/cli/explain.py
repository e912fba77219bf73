"""`edgetag explain`."""

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def explain(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Say why files drift: the layers to blame, and what an app's mistakes cost (explain/)."""
    run_verb("explain", recipe, out, json, verbose)
