"""Annotations for GitHub Actions: workflow commands that a step prints.

GitHub shows them on the run's page and, at most ten of a level per step, beside a pull request. A
command is a line that starts with `::`, so nothing that comes from a name may start a line or end
a property; see GitHub's "Workflow commands".
"""

import secrets
from collections.abc import Iterable, Iterator

from edgetag.reporting.levels import LEVELS, Level
from edgetag.reporting.result import Finding
from edgetag.tables.text import shorten

SHOWN = 10
"""GitHub shows so many annotations of each level for a step."""

LONGEST_TITLE = 200
"""Characters; GitHub refuses a title of more than 255."""


def annotations(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return one workflow command per finding, and one that counts those GitHub would not show."""
    all_findings = tuple(findings)
    return tuple(line for level in LEVELS for line in _of_level(all_findings, level))


def refusal(message: str) -> str:
    """Return the workflow command that shows why a command ended without a verdict."""
    return _command("error", "edgetag", message)


def _of_level(findings: tuple[Finding, ...], level: Level) -> Iterator[str]:
    name, title = LEVELS[level].annotation, f"edgetag: {LEVELS[level].title}"
    of_level = [finding for finding in findings if finding.level == level]
    shown = of_level if len(of_level) <= SHOWN else of_level[: SHOWN - 1]
    for finding in shown:
        yield _command(name, shorten(f"{title}: {finding.where}", LONGEST_TITLE), finding.text)
    if len(of_level) > len(shown):
        rest = len(of_level) - len(shown)
        yield _command(name, title, f"and {rest} more; see the report")


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Escape as GitHub's own toolkit does; whitespace of any kind becomes a single space."""
    visible = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for letter in " ".join(text.split())
    )
    return visible.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def stop_commands() -> tuple[str, str]:
    """Return a line from which on the runner obeys no command, and the line that ends this.

    What is printed between them may hold any name; the token in both cannot be guessed.
    """
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}", f"::{token}::"
