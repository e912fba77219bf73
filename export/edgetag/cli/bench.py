"""`edgetag bench`."""

import typer

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def bench(
    recipe: RecipePath, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Measure latency, load time and memory of every exported file on every runtime (bench/)."""
    from edgetag.cli.outcome import exit_code

    result = run_verb("bench", recipe, out, json, verbose)
    raise typer.Exit(exit_code({"bench": result}))
