"""`edgetag loop`: compare."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show

app = typer.Typer(
    no_args_is_help=True,
    help="Show what corrections changed between two runs, on the same test pictures.",
)


@app.callback()
def loop() -> None:
    """Keep the group a group."""


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="RUN1", help="A run folder, or its recipe.")],
    after: Annotated[Path, typer.Argument(metavar="RUN2", help="The run held against it.")],
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what corrections changed between two runs, tag by tag, on the same test pictures.

    Corrected test labels move figures without any model being better. So the first run's model is
    counted by both runs' labels: what training gained stands apart, with paired intervals. Both
    runs need trained networks (edgetag train).
    """
    first, workspace, progress = prepare(before, None, verbose)
    second, other, _ = prepare(after, None, verbose)

    from edgetag.loop.compare import Run
    from edgetag.loop.compare import compare as run
    from edgetag.loop.tables import loop_sentences, loop_tables

    result = run(Run(first, workspace), Run(second, other), progress)
    show(result, json, loop_tables(result), loop_sentences(result))
