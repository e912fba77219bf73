"""`edgetag phone`: list, check, bench, pack, read, export, schema."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Variants, Verbose
from edgetag.cli.outcome import end
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import print_schema

app = typer.Typer(
    no_args_is_help=True,
    help="Android phones over adb: which there are, their scores beside those here, their latency.",
)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show the phones that adb sees, and what to do about those it cannot use.

    Exits with 0 if one takes commands, else with 2.
    """
    from edgetag.phones.stage import list_phones

    end(list_phones(), json)


Serial = Annotated[
    str | None,
    typer.Option(
        metavar="SERIAL",
        help="Of the only phone to ask, as edgetag phone list shows it; default: all, at once.",
    ),
]
Runner = Annotated[
    Path | None,
    typer.Option(
        help="An executable for the phone that scores images: RUNNER JOB.json; see edgetag phone "
        "schema."
    ),
]
PhoneApp = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="PACKAGE",
        help="The demo app, dev.edgetag.demo, or another app with its headless entry.",
    ),
]
Images = Annotated[
    int | None,
    typer.Option(
        min=1, max=100_000, help="From the split that decides; default: the recipe's phones.images."
    ),
]
Processor = Annotated[Literal["cpu", "gpu", "npu"], typer.Option(help="What to run on.")]
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
    delegate: Processor = "cpu",
    clean: Clean = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Score every file on phones, by an app or a program, beside LiteRT here (bench/phones.json).

    Exits with 0 if all was scored, else with 2.
    """
    from edgetag.phones.settings import Options, Settings
    from edgetag.phones.stage import run

    loaded, workspace, progress = prepare(recipe, out, verbose)
    options = Options(
        Settings.of(loaded, delegate),
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
    end(result, json)


@app.command()
def bench(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    serial: Serial = None,
    benchmark_model: Annotated[
        Path | None,
        typer.Option(
            help="Google's benchmark_model for the phone: built with Bazel from the sources of "
            "TensorFlow or LiteRT, or taken from Google's nightly builds."
        ),
    ] = None,
    app: PhoneApp = None,
    runner: Runner = None,
    variant: Variants = None,
    delegate: Annotated[
        Literal["auto", "cpu", "xnnpack", "gpu", "npu"],
        typer.Option(
            help="auto: as benchmark_model chooses; cpu: without XNNPACK; npu: of an app or runner."
        ),
    ] = "auto",
    profile: Annotated[
        bool, typer.Option("--profile", help="Also profile the operators, in a second, short run.")
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
    from edgetag.phones.settings import Options, Settings
    from edgetag.phones.stage import run

    loaded, workspace, progress = prepare(recipe, out, verbose)
    options = Options(
        Settings.of(loaded, delegate, profile, cores),
        serial,
        tool=benchmark_model,
        runner=runner,
        app=app,
        variants=tuple(variant or ()),
        clean=clean,
    )
    with workspace.locked():
        result = run(loaded, workspace, progress, options)
    end(result, json)


@app.command()
def pack(
    recipe: RecipeOrRun,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    out: RunFolder = None,
    variant: Variants = None,
    images: Images = None,
    app: Annotated[str, typer.Option(metavar="PACKAGE", help="The app.")] = "dev.edgetag.demo",
    delegate: Processor = "cpu",
    verbose: Verbose = False,
) -> None:
    """Write a folder for somebody whose phone is elsewhere: files, images, jobs, run.sh.

    run.sh needs adb alone. It leaves *.scores.json; read them here with edgetag phone read.
    """
    from edgetag.phones.instrument import App
    from edgetag.phones.packing import pack as write_pack
    from edgetag.phones.stage import files_of

    loaded, workspace, _ = prepare(recipe, out, verbose)
    files, many = files_of(workspace, tuple(variant or ())), images or loaded.phones.images
    for path in write_pack(loaded, workspace, folder, files, many, App(app), delegate):
        typer.echo(str(path))


@app.command()
def read(
    recipe: RecipeOrRun,
    answers: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="What the app wrote (edgetag.phone-scores), or others: rows of LiteRT's "
            "leaderboard (.jsonl), logs and result.json of MLPerf.",
        ),
    ],
    out: RunFolder = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Read what the demo app wrote on a phone elsewhere, or others measured (bench/phones.json).

    The app's file is told by the digest, its images by their names: pictures of the split that
    decides, or the numbers of an `images` file. Figures of others, of any file, stand beside ours
    in one table. Exits with 0 if all that bench/phones.json holds was measured, else with 2.
    """
    from edgetag.phones.reading import read as read_answers
    from edgetag.phones.stage import files_of

    loaded, workspace, _ = prepare(recipe, out, verbose)
    with workspace.locked():
        result = read_answers(loaded, workspace, tuple(answers), files_of(workspace))
    end(result, json)


@app.command()
def export(
    recipe: RecipeOrRun,
    table: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="What is written.")],
    runtime_version: Annotated[
        str,
        typer.Option(
            help="Of the LiteRT that benchmark_model was built from, such as 2.3.0, which it does "
            "not tell."
        ),
    ],
    model: Annotated[
        str, typer.Option(help="How the rows call the model; default: the recipe's name.")
    ] = "",
    out: RunFolder = None,
    verbose: Verbose = False,
) -> None:
    """Write what phones measured as rows of LiteRT's public leaderboard, JSON Lines.

    A row for each file, phone and accelerator that benchmark_model timed, with the accuracy that
    the phone's scores had there. Figures of files that were exported anew since are left out.
    """
    from edgetag.phones.current import read_current
    from edgetag.phones.leaderboard import rows_of
    from edgetag.writing import write_text

    loaded, workspace, _ = prepare(recipe, out, verbose)
    rows = rows_of(read_current(workspace), model or loaded.name, runtime_version)
    write_text(table, "".join(row.model_dump_json() + "\n" for row in rows))
    typer.echo(f"rows in {table}: {len(rows)}")


@app.command()
def schema(
    file: Annotated[
        Literal["job", "scores"],
        typer.Argument(metavar="job|scores", help="job: what a phone is told; scores: answers."),
    ],
) -> None:
    """Print the JSON Schema of what goes to a phone or comes back, for those who write apps."""
    from edgetag.phones.schema import phone_schema

    print_schema(phone_schema(file))
