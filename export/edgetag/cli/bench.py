"""`edgetag bench`: the benchmark itself, and compare and history."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose

app = typer.Typer(cls=DefaultGroup, help="Measure latency, load time and memory of every file.")


@app.command(
    "run",
    epilog="See also: edgetag bench compare (two benchmarks, ratios with intervals), edgetag bench "
    "history (all benchmarks of a run folder).",
)
def bench(
    recipe: RecipePath,
    out: RunFolder = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Take at least 1,024 runs and 60 s per figure."),
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Measure latency, load time and memory of every exported file on every runtime (bench/).

    Without --full fewer runs are taken, which is marked. A figure that spreads too much is marked
    unstable.
    """
    from edgetag.cli.outcome import exit_code
    from edgetag.cli.stages import run_verb

    result = run_verb("bench", recipe, out, json, verbose, full=full)
    raise typer.Exit(exit_code({"bench": result}))


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A run folder, or a bench.json.")],
    after: Annotated[Path, typer.Argument(help="Likewise; what is judged.")],
    max_ratio: Annotated[
        float, typer.Option(min=0.01, help="Largest after / before of a median that passes.")
    ] = 1.1,
    other_machine: Annotated[
        bool, typer.Option("--other-machine", help="Compare other kinds of machine too.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare two benchmarks: the ratio of medians with an interval, and a gate.

    Exits with 0 if no figure became slower than --max-ratio, 1 if one did, 3 if the figures cannot
    tell.
    """
    from edgetag.benchmarking.compare import compare as compare_results
    from edgetag.benchmarking.result import BenchResult
    from edgetag.cli.outcome import print_result

    first, second = (
        BenchResult.read(path / "bench" / "bench.json" if path.is_dir() else path, "bench")
        for path in (before, after)
    )
    found = compare_results(first, second, max_ratio, other_machine)
    print_result(found, json)
    raise typer.Exit(found.exit_code)


@app.command()
def history(
    recipe: RecipePath,
    out: RunFolder = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Also draw medians over time.")
    ] = None,
    json: Json = False,
) -> None:
    """Show every benchmark of a run folder, the oldest first (bench/history.sqlite)."""
    from edgetag.benchmarking.history import read_history
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare

    _, workspace, progress = prepare(recipe, out, False)
    found = read_history(workspace.bench / "history.sqlite")
    print_result(found, json)
    if plot is not None:
        from edgetag.reporting.plots.history import draw_history
        from edgetag.workspace import write_text

        write_text(plot, draw_history(found))
        progress.say(f"plot: {plot}")
