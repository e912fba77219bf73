"""`edgetag search`."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show


def search(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Most combinations that are looked at; default: the recipe's."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="After these no further trial begins.")
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    r"""Find the best network, size, channels and integers for given budgets (search/).

    What may vary and what must be kept stands in the recipe: \[search]. Costs are known before any
    training; then the promising are trained. A killed search goes on where it was. The chosen
    recipe is search/chosen.toml. Exits with 0 if the verdict on what was chosen is a pass, 1 if a
    budget is broken, 3 if the data cannot decide.
    """
    loaded, workspace, progress = prepare(recipe, out, verbose)  # before TensorFlow's 8 s

    from edgetag.search.stage import run
    from edgetag.search.tables import search_tables

    with workspace.locked():
        result = run(loaded, workspace, progress, trials, minutes)
    show(result, json, search_tables(result), [result.outcome])
    raise typer.Exit(result.exit_code)
