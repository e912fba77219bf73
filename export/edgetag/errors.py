"""The errors a user can cause and the exit codes they end in.

Everything that is the user's to mend is raised as an `EdgetagError` whose text says what is
wrong, where, and what to do. The command line prints that text and nothing else.
"""

import errno
import signal
import unicodedata
from enum import IntEnum

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What stops a command: Ctrl-C, a supervisor, a terminal that is closed."""

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says where a disk, or a user's share of it, is full."""

TOO_LARGE = (
    "a file would be larger than the system lets one be; raise that limit (ulimit -f), or take "
    "another disk, and run the same command again"
)
"""What a user is told where a process may not write as much, or the disk's file system cannot."""


class ExitCode(IntEnum):
    """Exit codes of every verb; INTERNAL is EX_SOFTWARE of sysexits, for what nobody foresaw."""

    ACCEPTED = 0
    BUDGET_BROKEN = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    INTERNAL = 70


class EdgetagError(Exception):
    """An error with a message fit to be shown as it is.

    Messages quote what files of strangers hold: what would steer a terminal is shown as `?`.
    """

    exit_code: ExitCode = ExitCode.BAD_INPUT

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(printable(line) for line in message.split("\n")))


class InputError(EdgetagError):
    """The input, the recipe or the machine is not what the verb needs."""


class MissingExtraError(InputError):
    """A package that an optional extra brings is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed. Install it with: pip install 'edgetag[{extra}]'"
        )


def printable(text: str) -> str:
    """Return text with a `?` for every character that cannot be seen, but for spaces of any width.

    Narrow ones stand in large numbers, wide ones in Japanese names.
    """
    return "".join(
        character if character.isprintable() or unicodedata.category(character) == "Zs" else "?"
        for character in text
    )


def one_line(text: str, limit: int = 300) -> str:
    """Return another program's message as one line without repeated parts."""
    lines = dict.fromkeys(line.strip() for line in text.splitlines())
    joined = "; ".join(line for line in lines if line) or "no reason given"
    shown = printable(joined)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
