"""`edgetag quantize`."""

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def quantize(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Train the quantized variants: range warm-up, then fine-tuning (quantize/)."""
    run_verb("quantize", recipe, out, json, verbose)
