"""`edgetag report`."""

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def report(
    recipe: RecipePath, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Write report/summary.md from what validate and bench found."""
    run_verb("report", recipe, out, json, verbose)
