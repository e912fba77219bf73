"""`edgetag phone`: list, bench."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose

app = typer.Typer(no_args_is_help=True, help="Measure files on Android phones over adb.")


class Delegate(StrEnum):
    """What a file is to run on."""

    AUTO = "auto"
    CPU = "cpu"
    XNNPACK = "xnnpack"
    GPU = "gpu"


@app.command("list")
def list_(json: Json = False) -> None:
    """Show the phones that adb sees, and what to do about those it cannot use.

    Exits with 0 if one takes commands, else with 2.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.errors import ExitCode
    from edgetag.phones.stage import list_phones

    found = list_phones()
    print_result(found, json)
    ready = any(phone.ready for phone in found.phones)
    raise typer.Exit(ExitCode.ACCEPTED if ready else ExitCode.BAD_INPUT)


@app.command()
def bench(
    recipe: RecipePath,
    out: RunFolder = None,
    on: Annotated[
        str, typer.Option(metavar="adb[:SERIAL]", help="All phones, or the one of this serial.")
    ] = "adb",
    benchmark_model: Annotated[
        Path | None,
        typer.Option(
            help="Google's benchmark_model for the phone: built with Bazel from the sources of "
            "TensorFlow or LiteRT, or taken from Google's nightly builds.",
            show_default=False,
        ),
    ] = None,
    runner: Annotated[
        Path | None,
        typer.Option(
            help="An executable for the phone that scores images: RUNNER JOB.json. The README "
            "describes its files.",
            show_default=False,
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(help="Only this file; may be given again.", show_default=False),
    ] = None,
    delegate: Annotated[
        Delegate,
        typer.Option(help="auto: as benchmark_model chooses; cpu: without XNNPACK."),
    ] = Delegate.AUTO,
    threads: Annotated[
        list[int] | None,
        typer.Option(
            min=1, max=64, help="May be given again; default: the recipe's.", show_default=False
        ),
    ] = None,
    warmup_runs: Annotated[
        int | None, typer.Option(min=0, help="Default: the recipe's.", show_default=False)
    ] = None,
    runs: Annotated[
        int | None, typer.Option(min=1, help="At least; default: the recipe's.", show_default=False)
    ] = None,
    min_secs: Annotated[float, typer.Option(help="At least so long.")] = 1.0,
    max_secs: Annotated[float, typer.Option(help="At most so long.")] = 150.0,
    profile: Annotated[
        bool, typer.Option("--profile", help="Also profile the operators, in a second, short run.")
    ] = False,
    cores: Annotated[
        str, typer.Option(help="Stay on these cores: a mask in hex, as taskset takes it.")
    ] = "",
    images: Annotated[
        int, typer.Option(min=1, help="Images for the runner, from the split that decides.")
    ] = 512,
    clean: Annotated[
        bool, typer.Option("--clean", help="First delete what edgetag left on the phones.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Measure every exported file on phones: latency, operators, heat, scores (bench/phones.json).

    Several phones work at once. Exits with 0 if all of it was measured, else with 2; what was
    measured is kept.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare
    from edgetag.errors import ExitCode
    from edgetag.phones.benchmark import Settings
    from edgetag.phones.stage import Options, run

    loaded, workspace, progress = prepare(recipe, out, verbose)
    settings = Settings(
        threads=tuple(threads or loaded.benchmark.threads),
        warmup_runs=loaded.benchmark.warmup_runs if warmup_runs is None else warmup_runs,
        runs=runs or loaded.benchmark.runs,
        delegate=delegate.value,
        min_s=min_secs,
        max_s=max_secs,
        profile=profile,
        cores=cores,
    )
    options = Options(
        target=on, settings=settings, tool=benchmark_model, runner=runner,
        variants=tuple(variant or ()), images=images, clean=clean,
    )  # fmt: skip
    with workspace.locked():
        result = run(loaded, workspace, progress, options)
    print_result(result, json)
    raise typer.Exit(ExitCode.BAD_INPUT if result.failures else ExitCode.ACCEPTED)
