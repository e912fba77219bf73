"""No command has more options than a person can look through, and every argument a name."""

from collections.abc import Iterator
from typing import Any

import typer

from edgetag.cli.app import app

MOST = 12
"""A dozen, `--help` not counted."""


def commands_of(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    verbs = getattr(command, "commands", None)
    if verbs is None:
        yield name, command
        return
    for verb, below in verbs.items():
        yield from commands_of(below, f"{name} {verb}")


COMMANDS = dict(commands_of(typer.main.get_command(app), "edgetag"))


def test_no_command_has_more_than_a_dozen_options() -> None:
    assert len(COMMANDS) > 30
    counts = {
        name: sum(param.param_type_name == "option" for param in command.params)
        for name, command in COMMANDS.items()
    }
    assert {name: count for name, count in counts.items() if count > MOST} == {}


def test_every_argument_is_called_something_in_help_and_errors() -> None:
    nameless = [
        f"{name} {param.name}"
        for name, command in COMMANDS.items()
        for param in command.params
        if param.param_type_name == "argument" and not param.metavar
    ]
    assert nameless == []
