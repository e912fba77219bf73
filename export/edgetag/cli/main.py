"""The `edgetag` command: its verbs, and how errors end.

Nothing heavy is imported here: each verb imports what it needs when it runs.
"""

import errno
import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

from edgetag.cli import (
    baseline,
    bench,
    bundle,
    ci,
    data,
    device,
    doctor,
    explain,
    export,
    matrix,
    phone,
    prune,
    quantize,
    recipe,
    report,
    rescue,
    run,
    train,
    validate,
)
from edgetag.errors import EdgetagError, ExitCode

app = typer.Typer(
    name="edgetag",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="From tagged images to a verified on-device model.\n\n"
    "Start with [bold]edgetag recipe new recipe.toml[/bold], then "
    "[bold]edgetag run recipe.toml[/bold]. Exit codes: 0 accepted, 1 a budget is broken, 2 the "
    "input is wrong, 3 too few images to decide.",
)
app.command("run")(run.run)
app.add_typer(data.app, name="data")
app.command("train")(train.train)
app.command("prune")(prune.prune)
app.command("quantize")(quantize.quantize)
app.command("export")(export.export)
app.add_typer(validate.app, name="validate")
app.add_typer(baseline.app, name="baseline")
app.command("explain")(explain.explain)
app.add_typer(bench.app, name="bench")
app.command("matrix")(matrix.matrix)
app.add_typer(phone.app, name="phone")
app.add_typer(device.app, name="device")
app.command("rescue")(rescue.rescue)
app.command("report")(report.report)
app.add_typer(bundle.app, name="bundle")
app.add_typer(ci.app, name="ci")
app.add_typer(recipe.app, name="recipe")
app.command("doctor")(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        from edgetag import __version__

        typer.echo(f"edgetag {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


class _InterruptedError(BaseException):
    """Ctrl-C. Typer would turn a KeyboardInterrupt into a bare "Aborted"."""


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _InterruptedError


def main() -> None:
    """Run the command line; every foreseen error is one message and an exit code."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        app()
    except EdgetagError as error:
        _stop(str(error), error.exit_code)
    except _InterruptedError:
        _stop("stopped; finished work is kept, the same command goes on from there")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f" ({error.filename})" if error.filename else ""
        _stop(f"no space left on the disk{where}; free some and run the same command again")


def _stop(message: str, code: ExitCode = ExitCode.BAD_INPUT) -> None:
    typer.secho("error: ", fg="red", bold=True, err=True, nl=False)
    typer.echo(message, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
