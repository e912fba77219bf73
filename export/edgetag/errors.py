"""The errors a user can cause and the exit codes they end in.

Everything that is the user's to mend is raised as an `EdgetagError` whose text says what is
wrong, where, and what to do. The command line prints that text and nothing else.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every verb; INTERNAL is EX_SOFTWARE of sysexits, for what nobody foresaw."""

    ACCEPTED = 0
    BUDGET_BROKEN = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    INTERNAL = 70


class EdgetagError(Exception):
    """An error with a message fit to be shown as it is."""

    exit_code: ExitCode = ExitCode.BAD_INPUT


class InputError(EdgetagError):
    """The input, the recipe or the machine is not what the verb needs."""


class MissingExtraError(InputError):
    """A package that an optional extra brings is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed. Install it with: pip install 'edgetag[{extra}]'"
        )


def one_line(text: str, limit: int = 300) -> str:
    """Return another program's message as one line without repeated parts."""
    lines = dict.fromkeys(line.strip() for line in text.splitlines())
    joined = "; ".join(line for line in lines if line) or "no reason given"
    printable = "".join(c if c.isprintable() else "?" for c in joined)
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"
