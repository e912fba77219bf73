"""Every command there is, and what a command says."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.testing import CliRunner, Result

from edgetag.cli.app import app
from edgetag.errors import InputError


def invoked(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "TERM": "dumb"})
    refusal = str(done.exception) if isinstance(done.exception, InputError) else ""
    return done.exit_code, done.output + refusal


def refusal_of(done: Result) -> str:
    """Return why a command refused what it was given; fail where it did not."""
    assert isinstance(done.exception, InputError), done.output
    return str(done.exception)


def commands(
    command: Any, path: tuple[str, ...] = ("edgetag",)
) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path[1:], command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


ALL = list(commands(typer.main.get_command(app)))
