"""The `edgetag` command: how it starts, and how errors end.

Nothing heavy is imported here, not even Typer: its help is asked for more often than anything else.
"""

import codecs
import errno
import os
import select
import signal
import sys
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

from edgetag.errors import FULL, STOPS, TOO_LARGE, EdgetagError, ExitCode, printable

NOBODY_READS = 128 + signal.SIGPIPE
"""What other tools end with where whoever read the output is gone."""

STOPPED = "stopped; finished work is kept, the same command goes on from there"

AGAIN_S = 0.05
"""After which a command is stopped that could not be when it was told to."""

ASKS_FOR_HELP: tuple[list[str], ...] = ([], ["--help"], ["-h"])


class _InterruptedError(KeyboardInterrupt):
    """One of `STOPS` came.

    Of any other kind Python would drop it where it computes a constant of a module that it compiles
    (`make_const` in its ast_opt.c), and the command would go on.
    """

    came = False
    """Native code, such as pydantic's, may make another error of it."""


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    _InterruptedError.came = True
    raise _InterruptedError


def _interrupt_again(ignored: "sys.UnraisableHookArgs") -> None:
    """Have what came once more where it was lost, and tell anything else as Python does.

    No error leaves a `__del__`, and TensorFlow's take seconds where they free many functions.
    """
    if isinstance(ignored.exc_value, _InterruptedError):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S)  # raised here, it would be lost again
    else:
        sys.__unraisablehook__(ignored)


def main() -> None:
    """Run the command line; every foreseen error is one message and an exit code.

    Whatever else goes wrong ends in `ExitCode.INTERNAL` and a log file.
    """
    for number in STOPS:
        is_under_nohup = number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
        if not is_under_nohup:
            signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = _interrupt_again
    _open_closed_streams()
    _print_any_text()
    try:
        _run()
    except EdgetagError as error:
        _stop(str(error), error.exit_code)
    except _InterruptedError:
        _stop(STOPPED)
    except SystemExit as end:
        if isinstance(getattr(end.__context__, "__cause__", None), _InterruptedError):
            _stop(STOPPED)  # which Typer would tell by a bare exit code
        # rich ends with 1 where nobody reads, which says that a budget is broken.
        nobody_reads = isinstance(end.__context__, BrokenPipeError)
        wrong_usage = getattr(end.__context__, "format_message", None)
        if wrong_usage is not None:
            _annotate(wrong_usage())
        sys.exit(NOBODY_READS if nobody_reads else end.code)
    except BrokenPipeError as error:
        _end_if_nobody_reads()
        _crash(error)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            _stop(printable(f"{error.filename}: {error.strerror}"))
        if error.errno == errno.EFBIG:
            _stop(TOO_LARGE)
        if error.errno not in FULL:
            _crash(error)
        where = f" ({error.filename})" if error.filename else ""
        _stop(f"no space left on the disk{where}; free some and run the same command again")
    except Exception as error:
        _crash(error)


def _run() -> None:
    """Run what the arguments say, or show the overview, for which Typer is not needed.

    Raises:
        EOFError: A verb ended so.
        BrokenPipeError: Whoever read is gone, or a worker is.
    """
    if sys.argv[1:] in ASKS_FOR_HELP and "_EDGETAG_COMPLETE" not in os.environ:
        from edgetag.cli.overview import print_overview

        print_overview()
        sys.exit(ExitCode.ACCEPTED if sys.argv[1:] else ExitCode.BAD_INPUT)
    from edgetag.cli.app import UnforeseenError, app
    from edgetag.cli.confined import Process

    Process.ends_with_command = True
    try:
        app()
    except UnforeseenError as error:
        raise (error.__cause__ or error) from None


def _open_closed_streams() -> None:
    """Let what is printed where stdout or stderr is closed go nowhere.

    The next file that is opened would take the place of what is closed, and native code print
    into it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            lowest_free = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(lowest_free, True)
            setattr(sys, name, os.fdopen(lowest_free, mode, encoding="utf-8"))


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
    for stream in (sys.stdout, sys.stderr):
        waiting.register(stream.fileno(), 0)
    unread = [number for number, event in waiting.poll(0) if event & select.POLLERR]
    for number in unread:
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    if unread:
        sys.exit(NOBODY_READS)


def _crash(error: BaseException) -> NoReturn:
    if _InterruptedError.came:
        _stop(STOPPED)
    from edgetag.cli.crash import tell

    _stop(tell(error), ExitCode.INTERNAL)


def _stop(message: str, code: ExitCode = ExitCode.BAD_INPUT) -> NoReturn:
    import typer

    try:
        typer.secho("error: ", fg="red", bold=True, err=True, nl=False)
        typer.echo(message, err=True)
        _annotate(message)
    except OSError:  # nobody can be told; Python's own exit code would say that a budget is broken
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(code)


def _annotate(message: str) -> None:
    """Say on the page of a GitHub Actions run, too, why the command ended without a verdict.

    A verdict's own annotations are asked for (`--github`); a refusal is told without, since it
    comes before options are read, and from any command.
    """
    if message and os.environ.get("GITHUB_ACTIONS") == "true":
        from edgetag.reporting.annotations import refusal

        print(refusal(message), file=sys.stderr)


if __name__ == "__main__":
    main()
