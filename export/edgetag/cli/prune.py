"""`edgetag prune`."""

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def prune(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Prune the trained network; pruned variants are made from it.

    The float model is not changed. Where a variant is a narrower network pruned, that is pruned,
    too. Prints and writes the sparsity of each layer (prune/).
    """
    run_verb("prune", recipe, out, json, verbose)
