"""`edgetag bench`: the benchmark itself, and compare and history."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.on import (
    MACHINES,
    MAX_SECS,
    MIN_DELEGATED,
    MIN_SECS,
    PHONE_IMAGES,
    PHONES,
    ROUNDS,
    Cache,
    Clean,
    Cpu,
    Delegate,
    On,
    PhoneApp,
    PhoneWishes,
    Runner,
    bench_phones,
    bench_places,
    count_there,
    refuse,
    there_code,
)
from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose

app = typer.Typer(cls=DefaultGroup, help="Measure latency, load time and memory of every file.")


class By(StrEnum):
    """What two benchmarks are compared by."""

    LATENCY = "latency"
    INSTRUCTIONS = "instructions"


def _machine_option(**more: Any) -> Any:
    return typer.Option(rich_help_panel=MACHINES, show_default=False, **more)


def _phone_option(*names: str, **more: Any) -> Any:
    return typer.Option(*names, rich_help_panel=PHONES, show_default=False, **more)


@app.command(
    "run",
    epilog="See also: edgetag bench compare (two benchmarks, ratios with intervals), edgetag bench "
    "history (all benchmarks of a run folder).",
)
def bench(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Take at least 1,024 runs and 60 s per figure."),
    ] = False,
    on: On = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(help="With --on, only this file; may be repeated.", show_default=False),
    ] = None,
    cpu: Cpu = None,
    runtime: Annotated[
        list[str] | None,
        _machine_option(help="May be repeated; default: those of benchmark.runtimes."),
    ] = None,
    operators: Annotated[
        bool,
        typer.Option(
            "--operators",
            help="Also count by operator; about a minute a file.",
            rich_help_panel=MACHINES,
        ),
    ] = False,
    cache: Cache = None,
    benchmark_model: Annotated[
        Path | None,
        _phone_option(
            help="Google's benchmark_model for the phone: built with Bazel from the sources of "
            "TensorFlow or LiteRT, or taken from Google's nightly builds."
        ),
    ] = None,
    runner: Runner = None,
    app: PhoneApp = None,
    delegate: Annotated[
        Delegate | None,
        _phone_option(
            help="auto: as benchmark_model chooses; cpu: without XNNPACK; default: auto."
        ),
    ] = None,
    min_delegated: Annotated[
        float | None,
        _phone_option(
            min=0.0,
            max=1.0,
            help="Share of the graph that --delegate must take, else it counts as fallen back; "
            f"default: {MIN_DELEGATED:g}.",
        ),
    ] = None,
    threads: Annotated[
        list[int] | None,
        _phone_option(
            min=1, max=64, help="May be repeated; default: the recipe's benchmark.threads."
        ),
    ] = None,
    warmup_runs: Annotated[
        int | None, _phone_option(min=0, help="Default: the recipe's benchmark.warmup_runs.")
    ] = None,
    runs: Annotated[
        int | None, _phone_option(min=1, help="At least; default: the recipe's benchmark.runs.")
    ] = None,
    min_secs: Annotated[
        float | None, _phone_option(help=f"At least so long; default: {MIN_SECS:g}.")
    ] = None,
    max_secs: Annotated[
        float | None, _phone_option(help=f"At most so long; default: {MAX_SECS:g}.")
    ] = None,
    rounds: Annotated[
        int | None,
        _phone_option(
            min=1,
            help="All files are measured so many times in turn, each time with its share of the "
            f"runs, so that heat hits all alike; default: {ROUNDS}.",
        ),
    ] = None,
    profile: Annotated[
        bool,
        _phone_option("--profile", help="Also profile the operators, in a second, short run."),
    ] = False,
    cores: Annotated[
        str | None,
        _phone_option(help="Stay on these cores: a mask in hex, as taskset takes it."),
    ] = None,
    images: Annotated[
        int | None,
        _phone_option(
            min=1,
            help="Images for --app or --runner, from the split that decides; "
            f"default: {PHONE_IMAGES}.",
        ),
    ] = None,
    clean: Clean = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Measure latency, load time and memory of every exported file on every runtime (bench/).

    Without --full fewer runs are taken, which is marked. A figure that spreads too much is marked
    unstable.

    With --on arm64 or armv7, count the instructions of one inference: the same in every run, on
    any machine. A count is no time: use it to compare files and runtimes, and to keep a budget
    (max_arm_instructions). With --on adb, measure on phones, several at once.
    """
    from edgetag.cli.outcome import exit_code, print_result
    from edgetag.cli.stages import prepare, run_verb

    wishes = PhoneWishes(
        benchmark_model,
        runner,
        app,
        delegate,
        min_delegated,
        threads,
        warmup_runs,
        runs,
        min_secs,
        max_secs,
        rounds,
        profile,
        cores,
        images,
        clean,
    )
    counting = {"--cpu": cpu, "--runtime": runtime, "--operators": operators}
    if not on:
        refuse({"--variant": variant, **counting}, "is for other machines; name one with --on")
        refuse(wishes.by_option(), "is for phones; use --on adb")
        result = run_verb("bench", recipe, out, json, verbose, full=full)
        raise typer.Exit(exit_code({"bench": result}))
    refuse({"--full": full}, "is about latency on this machine; leave --on out")
    places = bench_places(on)
    loaded, workspace, progress = prepare(recipe, out, verbose)
    if places[0].runtimes:
        refuse(wishes.by_option(), "is for phones; use --on adb")
        found = count_there(
            loaded,
            workspace,
            progress,
            places,
            variant or [],
            runtime or [],
            cpu or [],
            operators,
            cache,
        )
    else:
        refuse(counting, "is for emulated machines")
        found = bench_phones(loaded, workspace, progress, places[0].name, variant or [], wishes)
    print_result(found, json)
    raise typer.Exit(there_code(found))


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A run folder, or a bench.json or targets.json.")],
    after: Annotated[Path, typer.Argument(help="Likewise; what is judged.")],
    max_ratio: Annotated[
        float, typer.Option(min=0.01, help="Largest after / before of a median that passes.")
    ] = 1.1,
    other_machine: Annotated[
        bool, typer.Option("--other-machine", help="Compare other kinds of machine too.")
    ] = False,
    by: Annotated[
        By, typer.Option(help="instructions: those that bench --on arm64 counted (targets.json).")
    ] = By.LATENCY,
    json: Json = False,
) -> None:
    """Compare two benchmarks: the ratio of medians with an interval, and a gate.

    Exits with 0 if no figure became slower than --max-ratio, 1 if one did, 3 if the figures cannot
    tell. Instructions are counted exactly, wherever that was done, so their ratio has no interval.
    """
    from edgetag.benchmarking.compare import compare as compare_results
    from edgetag.benchmarking.result import BenchResult
    from edgetag.cli.outcome import print_result

    if by is By.INSTRUCTIONS:
        from edgetag.targets.counting.ratios import compare_instructions, read_counts

        refuse({"--other-machine": other_machine}, "counts are the same on every computer")
        counted = compare_instructions(read_counts(before), read_counts(after), max_ratio)
        print_result(counted, json)
        raise typer.Exit(counted.exit_code)
    first, second = (
        BenchResult.read(path / "bench" / "bench.json" if path.is_dir() else path, "bench")
        for path in (before, after)
    )
    comparison = compare_results(first, second, max_ratio, other_machine)
    print_result(comparison, json)
    raise typer.Exit(comparison.exit_code)


@app.command()
def history(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Also draw medians over time.")
    ] = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this runtime; may be repeated."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this variant; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Show every benchmark of a run folder, the oldest first (bench/history.sqlite)."""
    from edgetag.benchmarking.history import HISTORY, read_history
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare

    _, workspace, progress = prepare(recipe, out, False)
    figures = read_history(workspace.bench / HISTORY).only(runtime or (), variant or ())
    print_result(figures, json)
    if plot is not None:
        from edgetag.reporting.plots.history import draw_history
        from edgetag.workspace import write_text

        write_text(plot, draw_history(figures))
        progress.say(f"plot: {plot}")
