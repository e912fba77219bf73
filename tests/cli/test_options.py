"""No command has more options than a person can look through."""

from collections.abc import Iterator
from typing import Any

import typer

from edgetag.cli.app import app

MOST = 12
"""A dozen, `--help` not counted."""


def options_of(command: Any, name: str) -> Iterator[tuple[str, int]]:
    verbs = getattr(command, "commands", None)
    if verbs is None:
        found = [one for one in command.params if one.param_type_name == "option"]
        yield name, len(found)
        return
    for verb, below in verbs.items():
        yield from options_of(below, f"{name} {verb}")


def test_no_command_has_more_than_a_dozen_options() -> None:
    counts = dict(options_of(typer.main.get_command(app), "edgetag"))
    assert len(counts) > 30
    assert {name: count for name, count in counts.items() if count > MOST} == {}
