"""`edgetag run`: every stage, from images to the bundle."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, NoBaseline, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.outcome import exit_code, print_outcome
from edgetag.cli.stages import accepted_state, prepare


def run(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    force: Annotated[bool, typer.Option("--force", help="Run every stage again.")] = False,
    no_baseline: NoBaseline = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Build everything a recipe describes: data, training, compression, files, verdict, report.

    Stages that are up to date are skipped; a killed run goes on where it was.
    """
    from edgetag.pipeline import run_all

    loaded, workspace, progress = prepare(recipe, out, verbose)
    baseline = accepted_state(recipe, workspace, None, no_baseline)
    results = run_all(loaded, workspace, progress, force, baseline)
    if json:
        import json as json_module

        summary = {
            name: result.model_dump(mode="json", by_alias=True) for name, result in results.items()
        }
        typer.echo(json_module.dumps(summary, indent=2))
    else:
        print_outcome(workspace, results)
    raise typer.Exit(exit_code(results))
