"""`edgetag phone`: list, check, bench, pack, read, schema."""

import json as json_module
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Variants, Verbose

app = typer.Typer(
    no_args_is_help=True,
    help="Android phones over adb: which there are, their scores beside those here, their latency.",
)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show the phones that adb sees, and what to do about those it cannot use.

    Exits with 0 if one takes commands, else with 2.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.phones.stage import list_phones

    phones = list_phones()
    print_result(phones, json)
    raise typer.Exit(phones.exit_code)


class RunsOn(StrEnum):
    """What the app or a runner runs a file on."""

    CPU = "cpu"
    GPU = "gpu"


class Delegate(StrEnum):
    """What benchmark_model runs a file on."""

    AUTO = "auto"
    CPU = "cpu"
    XNNPACK = "xnnpack"
    GPU = "gpu"


Serial = Annotated[
    str | None,
    typer.Option(
        metavar="SERIAL",
        help="Of the only phone to ask, as edgetag phone list shows it; default: all, at once.",
        show_default=False,
    ),
]
Runner = Annotated[
    Path | None,
    typer.Option(
        help="An executable for the phone that scores images: RUNNER JOB.json; see edgetag phone "
        "schema.",
        show_default=False,
    ),
]
PhoneApp = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="PACKAGE",
        help="The demo app, dev.edgetag.demo, or another app with its headless entry.",
        show_default=False,
    ),
]
Images = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100_000,
        help="From the split that decides; default: the recipe's phones.images.",
        show_default=False,
    ),
]
Clean = Annotated[
    bool, typer.Option("--clean", help="First delete what edgetag left on the phones.")
]


@app.command()
def check(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    serial: Serial = None,
    app: PhoneApp = None,
    runner: Runner = None,
    variant: Variants = None,
    images: Images = None,
    delegate: Annotated[RunsOn, typer.Option(help="What to run on.")] = RunsOn.CPU,
    clean: Clean = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Score every file on phones, by an app or a program, beside LiteRT here (bench/phones.json).

    Exits with 0 if all was scored, else with 2.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare
    from edgetag.phones.benchmark import Settings
    from edgetag.phones.stage import Options, run

    loaded, workspace, progress = prepare(recipe, out, verbose)
    options = Options(
        Settings.of(loaded, delegate.value),
        serial,
        runner=runner,
        app=app,
        variants=tuple(variant or ()),
        images=images,
        clean=clean,
        time_app=False,
    )
    with workspace.locked():
        result = run(loaded, workspace, progress, options)
    print_result(result, json)
    raise typer.Exit(result.exit_code)


@app.command()
def bench(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    serial: Serial = None,
    benchmark_model: Annotated[
        Path | None,
        typer.Option(
            help="Google's benchmark_model for the phone: built with Bazel from the sources of "
            "TensorFlow or LiteRT, or taken from Google's nightly builds.",
            show_default=False,
        ),
    ] = None,
    app: PhoneApp = None,
    runner: Runner = None,
    variant: Variants = None,
    delegate: Annotated[
        Delegate,
        typer.Option(help="auto: as benchmark_model chooses; cpu: without XNNPACK."),
    ] = Delegate.AUTO,
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Also profile the operators, in a second, short run."),
    ] = False,
    cores: Annotated[
        str, typer.Option(help="Stay on these cores: a mask in hex, as taskset takes it.")
    ] = "",
    clean: Clean = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    r"""Measure the latency of every file on phones, several at once (bench/phones.json).

    benchmark_model times files; the app times and scores them, a runner scores them. The recipe
    says how, in \[phones]: threads, runs, seconds, rounds, images. Exits with 0 if all was
    measured, else with 2.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare
    from edgetag.phones.benchmark import Settings
    from edgetag.phones.stage import Options, run

    loaded, workspace, progress = prepare(recipe, out, verbose)
    options = Options(
        Settings.of(loaded, delegate.value, profile, cores),
        serial,
        tool=benchmark_model,
        runner=runner,
        app=app,
        variants=tuple(variant or ()),
        clean=clean,
    )
    with workspace.locked():
        result = run(loaded, workspace, progress, options)
    print_result(result, json)
    raise typer.Exit(result.exit_code)


@app.command()
def pack(
    recipe: RecipeOrRun,
    folder: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    out: RunFolder = None,
    variant: Variants = None,
    images: Images = None,
    app: Annotated[str, typer.Option(metavar="PACKAGE", help="The app.")] = "dev.edgetag.demo",
    delegate: Annotated[RunsOn, typer.Option(help="What to run on.")] = RunsOn.CPU,
    verbose: Verbose = False,
) -> None:
    """Write a folder for somebody whose phone is elsewhere: files, images, jobs, run.sh.

    run.sh needs adb alone. It leaves *.scores.json; read them here with edgetag phone read.
    """
    from edgetag.cli.stages import prepare
    from edgetag.phones.instrument import App
    from edgetag.phones.packing import pack as write_pack
    from edgetag.phones.stage import files_of

    loaded, workspace, _ = prepare(recipe, out, verbose)
    files, many = files_of(workspace, tuple(variant or ())), images or loaded.phones.images
    for path in write_pack(loaded, workspace, folder, files, many, App(app), delegate.value):
        typer.echo(str(path))


@app.command()
def read(
    recipe: RecipeOrRun,
    answers: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="What the app wrote, edgetag.phone-scores."),
    ],
    out: RunFolder = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Read scores and times that the demo app wrote on a phone elsewhere (bench/phones.json).

    Its file is told by the digest, its images by their names: pictures of the split that decides,
    or the numbers of an `images` file. Exits with 0 if all it holds was measured, else with 2.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare
    from edgetag.phones.reading import read as read_answers
    from edgetag.phones.stage import files_of

    loaded, workspace, _ = prepare(recipe, out, verbose)
    with workspace.locked():
        result = read_answers(loaded, workspace, tuple(answers), files_of(workspace))
    print_result(result, json)
    raise typer.Exit(result.exit_code)


class PhoneFile(StrEnum):
    """What goes to a phone, and what comes back."""

    JOB = "job"
    SCORES = "scores"


@app.command()
def schema(
    file: Annotated[PhoneFile, typer.Argument(help="job: what a phone is told; scores: answers.")],
) -> None:
    """Print the JSON Schema of what goes to a phone or comes back, for those who write apps."""
    from edgetag.phones.schema import phone_schema

    typer.echo(json_module.dumps(phone_schema(file.value), indent=2))
