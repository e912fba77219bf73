"""`edgetag export`."""

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def export(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Convert to .tflite files with metadata and check each of them (export/)."""
    run_verb("export", recipe, out, json, verbose)
