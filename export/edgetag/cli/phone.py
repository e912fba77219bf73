"""`edgetag phone`: list, pack, read, schema."""

import json as json_module
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose

app = typer.Typer(
    no_args_is_help=True,
    help="Android phones over adb; edgetag bench RECIPE --on adb measures on them.",
)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show the phones that adb sees, and what to do about those it cannot use.

    Exits with 0 if one takes commands, else with 2.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.errors import ExitCode
    from edgetag.phones.stage import list_phones

    phones = list_phones()
    print_result(phones, json)
    ready = any(phone.ready for phone in phones.phones)
    raise typer.Exit(ExitCode.ACCEPTED if ready else ExitCode.BAD_INPUT)


class Processor(StrEnum):
    """What the app runs a file on."""

    CPU = "cpu"
    GPU = "gpu"


@app.command()
def pack(
    recipe: RecipeOrRun,
    folder: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    out: RunFolder = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(help="Only this file; may be repeated.", show_default=False),
    ] = None,
    images: Annotated[
        int, typer.Option(min=1, max=100_000, help="From the split that decides.")
    ] = 512,
    app: Annotated[str, typer.Option(metavar="PACKAGE", help="The app.")] = "dev.edgetag.demo",
    delegate: Annotated[Processor, typer.Option(help="What to run on.")] = Processor.CPU,
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
    files = files_of(workspace, tuple(variant or ()))
    for path in write_pack(loaded, workspace, folder, files, images, App(app), delegate.value):
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
    from edgetag.errors import ExitCode
    from edgetag.phones.reading import read as read_answers
    from edgetag.phones.stage import files_of

    loaded, workspace, _ = prepare(recipe, out, verbose)
    with workspace.locked():
        result = read_answers(loaded, workspace, tuple(answers), files_of(workspace))
    print_result(result, json)
    raise typer.Exit(ExitCode.BAD_INPUT if result.failures else ExitCode.ACCEPTED)


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
