"""`edgetag bench`: the benchmark itself, and compare and history."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.outcome import end, print_result
from edgetag.cli.stages import prepare, run_verb

app = typer.Typer(cls=DefaultGroup, help="Measure latency, load time and memory of every file.")


@app.command(
    "run",
    context_settings={"allow_extra_args": True},  # to say what they were meant for
    epilog="See also: edgetag bench compare (two benchmarks, ratios with intervals), edgetag bench "
    "history (all benchmarks of a run folder), edgetag phone bench, and edgetag target count "
    "(instructions on emulated ARM).",
)
def bench(
    context: typer.Context,
    recipe: RecipeOrRun,
    out: RunFolder = None,
    full: Annotated[
        bool, typer.Option("--full", help="Take at least 1,024 runs and 60 s per figure.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Measure latency, load time and memory of every exported file on every runtime (bench/).

    Without --full fewer runs are taken, which is marked. A figure that spreads too much is marked
    unstable.
    """
    if context.args:
        from edgetag.errors import InputError

        raise InputError(_what_takes(str(recipe), context.args))
    run_verb("bench", recipe, out, json, verbose, full=full)


def _what_takes(first: str, others: list[str]) -> str:
    """Return which commands take what was named behind the recipe."""
    said = (
        f"{others[0]!r}: edgetag bench takes one recipe or run folder, and times what it exported"
    )
    if Path(others[0]).suffix != ".tflite":
        compare = shlex.join(["edgetag", "bench", "compare", first, others[0]])
        return f"{said}; two benchmarks are compared by: {compare}"
    timed = shlex.join(["edgetag", "tag", others[0], "PICTURES", "--measure"])
    judged = shlex.join(["edgetag", "validate", "file", first, *others])
    return (
        f"{said}. A file that was made elsewhere is timed, with decoding beside it, by: {timed}; "
        f"judged by: {judged}"
    )


@app.command()
def compare(
    before: Annotated[
        Path,
        typer.Argument(metavar="BEFORE", help="A run folder, or a bench.json or targets.json."),
    ],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Likewise; what is judged.")],
    max_ratio: Annotated[
        float, typer.Option(min=0.01, help="Largest after / before of a median that passes.")
    ] = 1.1,
    other_machine: Annotated[
        bool, typer.Option("--other-machine", help="Compare other kinds of machine too.")
    ] = False,
    by: Annotated[
        Literal["latency", "instructions"],
        typer.Option(help="instructions: those of edgetag target count (targets.json)."),
    ] = "latency",
    json: Json = False,
) -> None:
    """Compare two benchmarks: the ratio of medians with an interval, and a gate.

    Exits with 0 if no figure became slower than --max-ratio, 1 if one did or its file no longer
    runs, 3 if the figures cannot tell. Instructions are counted exactly, wherever that was done, so
    their ratio has no interval.
    """
    from edgetag.benchmarking.compare import compare as compare_results
    from edgetag.benchmarking.compare import read_benchmark

    if by == "instructions":
        from edgetag.errors import InputError
        from edgetag.targets.counting.ratios import compare_instructions, read_counts

        if other_machine:
            raise InputError("--other-machine: counts are the same on every computer")
        end(compare_instructions(read_counts(before), read_counts(after), max_ratio), json)
    first, second = read_benchmark(before), read_benchmark(after)
    end(compare_results(first, second, max_ratio, other_machine), json)


@app.command()
def history(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Also draw medians over time.")
    ] = None,
    runtime: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this runtime; may be repeated.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this variant; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Show every benchmark of a run folder, the oldest first (bench/history.sqlite)."""
    from edgetag.benchmarking.history import HISTORY, read_history
    from edgetag.errors import InputError

    if plot is not None and plot.suffix.lower() != ".svg":
        raise InputError(f"{plot}: the plot is an SVG file; give a name that ends in .svg")
    _, workspace, progress = prepare(recipe, out, False)
    figures = read_history(workspace.bench / HISTORY).only(runtime or (), variant or ())
    print_result(figures, json)
    if plot is not None:
        from edgetag.reporting.plots.history import draw_history
        from edgetag.writing import write_text

        write_text(plot, draw_history(figures))
        progress.say(f"plot: {plot}")
