"""The `edgetag` command: its verbs, and how errors end.

Nothing heavy is imported here: each verb imports what it needs when it runs.
"""

import codecs
import errno
import os
import select
import signal
import sys
from io import TextIOWrapper
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from edgetag.cli import (
    baseline,
    bench,
    bundle,
    ci,
    data,
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
    tag,
    target,
    train,
    validate,
)
from edgetag.cli.moved import refuse_old_spelling
from edgetag.errors import EdgetagError, ExitCode


class _UnforeseenError(BaseException):
    """Carries what Typer would end in a silent exit code 1, which says that a budget is broken."""


class _Verbs(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Tell the new spelling of a command that has moved.

        Raises:
            InputError: It has.
        """
        if not ctx.resilient_parsing:
            refuse_old_spelling(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Keep EOFError and a broken pipe, to a worker as well, from Typer."""
        try:
            return super().invoke(ctx)
        except (EOFError, BrokenPipeError) as error:
            raise _UnforeseenError from error


app = typer.Typer(
    name="edgetag",
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="From tagged images to a verified on-device model.\n\n"
    "Start with [bold]edgetag recipe new recipe.toml[/bold], then "
    "[bold]edgetag run recipe.toml[/bold]. Exit codes: 0 accepted, 1 a budget is broken, 2 the "
    "input is wrong, 3 too few images to decide, 70 an error of edgetag itself.",
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
app.add_typer(target.app, name="target")
app.add_typer(phone.app, name="phone")
app.command("matrix")(matrix.matrix)
app.command("rescue")(rescue.rescue)
app.command("tag")(tag.tag)
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
    """Run the command line; every foreseen error is one message and an exit code.

    Whatever else goes wrong ends in `ExitCode.INTERNAL` and a log file.
    """
    signal.signal(signal.SIGINT, _interrupt)
    _print_any_text()
    try:
        app()
    except EdgetagError as error:
        _stop(str(error), error.exit_code)
    except _InterruptedError:
        _stop("stopped; finished work is kept, the same command goes on from there")
    except _UnforeseenError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            _end_if_nobody_reads()
        _crash(error.__cause__ or error)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            _crash(error)
        where = f" ({error.filename})" if error.filename else ""
        _stop(f"no space left on the disk{where}; free some and run the same command again")
    except Exception as error:
        _crash(error)


def _print_any_text() -> None:
    """Let a terminal or a pipe that takes less than Unicode show the rest as JSON's escapes."""
    codecs.register_error("edgetag.json", _escape)
    codecs.register(_plain_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(
                encoding="edgetag_ascii" if ascii_only else None, errors="edgetag.json"
            )


def _plain_ascii(name: str) -> codecs.CodecInfo | None:
    """Give ASCII another name: where a stream bears its own, Typer writes UTF-8 to it."""
    known = codecs.lookup("ascii")
    if name != "edgetag_ascii":
        return None
    return codecs.CodecInfo(
        known.encode, known.decode, incrementalencoder=known.incrementalencoder, name=name
    )


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[i : i + 2].hex() for i in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end


def _end_if_nobody_reads() -> None:
    """End like other tools where whoever read the output is gone, as in `… | head`."""
    waiting = select.poll()
    waiting.register(sys.stdout.fileno(), 0)
    if any(event & select.POLLERR for _, event in waiting.poll(0)):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


def _crash(error: BaseException) -> NoReturn:
    from edgetag.cli.crash import tell

    _stop(tell(error), ExitCode.INTERNAL)


def _stop(message: str, code: ExitCode = ExitCode.BAD_INPUT) -> NoReturn:
    typer.secho("error: ", fg="red", bold=True, err=True, nl=False)
    typer.echo(message, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
