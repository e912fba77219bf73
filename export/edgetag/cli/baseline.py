"""`edgetag baseline`: accept, show."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder
from edgetag.cli.outcome import print_result
from edgetag.cli.stages import prepare, read_recipe

app = typer.Typer(
    no_args_is_help=True,
    help="Accept a state of a model, with a reason; validate then tells what moves from it.",
)


@app.command()
def accept(
    recipe: RecipeOrRun,
    reason: Annotated[str, typer.Option(help="Why this state is right; kept in the history.")],
    out: RunFolder = None,
    accept_failing: Annotated[
        bool, typer.Option("--accept-failing", help="Accept it although a budget is broken.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the run's verdict the accepted state: baseline.json in the recipe's folder.

    Commit that file. A verdict that only the former baseline made fail needs no option.
    """
    from edgetag.validation.baseline import accept_run

    loaded, workspace, progress = prepare(recipe, out, verbose=False)
    path, accepted = accept_run(loaded, recipe, workspace, progress, reason, accept_failing)
    progress.say(f"accepted: {path}; commit it")
    print_result(accepted, json)


@app.command()
def show(recipe: RecipeOrRun, json: Json = False) -> None:
    """Show the accepted state and every reason so far."""
    from edgetag.validation.baseline import baseline_file, read_baseline

    read_recipe(recipe)
    print_result(read_baseline(baseline_file(recipe)), json)
