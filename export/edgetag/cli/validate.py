"""`edgetag validate`."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def validate(
    recipe: RecipePath,
    out: RunFolder = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Reference scores computed on another machine (validate/reference.npz there); "
            "TensorFlow is then not needed.",
        ),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare every exported file with the float reference, tag by tag, on every runtime.

    Exits with 0 if all budgets hold, 1 if one is broken, 3 if the data cannot decide.
    """
    from edgetag.cli.outcome import exit_code

    result = run_verb("validate", recipe, out, json, verbose, reference=reference)
    raise typer.Exit(exit_code({"validate": result}))
