"""Annotations: one command a line, nothing in a name is a command, no more than GitHub shows."""

import re

import pytest

from edgetag.reporting.annotations import SHOWN, annotations, stop_commands
from edgetag.reporting.findings import find
from edgetag.reporting.result import Finding
from edgetag.validation.baseline import accept, compare
from tests.support.made_results import make_sources, make_verdict, scored

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,]*)::(.*)")
"""What the runner takes a line apart by; see ActionCommand.cs of actions/runner."""


def parse(line: str) -> tuple[str, str, str]:
    """Read a command as GitHub's runner does."""
    match = COMMAND.fullmatch(line)
    assert match, line
    level, title, message = match.groups()
    for escape, letter in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        title = title.replace(escape, letter)
        if letter not in ":,":
            message = message.replace(escape, letter)
    return level, title, message


def finding(where: str = "int8 on litert", text: str = "t", level: str = "fail") -> Finding:
    return Finding(level=level, where=where, text=text)


def test_failures_are_errors_undecided_ones_warnings_and_the_rest_notices() -> None:
    verdict = make_sources(int8_drop=0.0213, tag_half_width=0.05).verdict
    found = [parse(line) for line in annotations(find(verdict))]
    assert [level for level, *_ in found] == ["error"] * 2 + ["warning"] * 4 + ["notice"] * 2
    assert found[0] == (
        "error",
        "edgetag: not accepted: int8 on litert",
        "max_map_drop is 2.13 points [1.63, 2.63], limit 1.00 points",
    )
    assert found[2][1] == "edgetag: undecided: int8 on litert, tag cat"
    assert "340 more positives of cat would decide" in found[2][2]
    assert found[4][1] == "edgetag: losses: int8 on litert"
    assert "fails on test_style, which does not decide: mAP fell 2.13 points" in found[4][2]


def test_changes_against_the_accepted_state_are_told_on_both_sides() -> None:
    verdict = make_verdict((scored("int8", "litert", "test", 0.004),))
    for former, level, word in ((0.0, "error", "worse"), (0.009, "notice", "better")):
        baseline = accept(make_verdict((scored("int8", "litert", "test", former),)), None, "former")
        compared = compare(verdict, baseline, "baseline.json", 0.002, 0.02, 0.1)
        now = verdict.replace(baseline=compared)
        told = [parse(line) for line in annotations(find(now))]
        assert (level, True) in [
            (one, text.startswith(f"{word} than acc")) for one, _, text in told
        ]


@pytest.mark.parametrize(
    "name",
    [
        "x::error title=y::z",
        "\n::add-mask::secret",
        "a\r\n::stop-commands::t",
        "a,b=c:d",
        "100%0A::warning::",
        "##[add-mask]x",
        "\x85::debug::\u2028::debug::\x0c",
    ],
)
def test_a_name_cannot_start_a_command_or_end_a_property(name: str) -> None:
    (line,) = annotations([finding(where=name, text=name)])
    assert line.splitlines() == [line]
    level, title, message = parse(line)
    assert level == "error"
    assert title == f"edgetag: not accepted: {' '.join(name.split())}"
    assert message == " ".join(name.split())


def test_control_characters_are_shown_as_such() -> None:
    assert parse(annotations([finding(text="a\x1b[31mb\x00")])[0])[2] == "a�[31mb�"


@pytest.mark.parametrize(("count", "shown"), [(SHOWN, SHOWN), (SHOWN + 1, SHOWN), (99, SHOWN)])
def test_no_more_than_github_shows_and_the_last_counts_the_rest(count: int, shown: int) -> None:
    lines = annotations([finding(text=str(number)) for number in range(count)])
    assert len(lines) == shown
    if count > SHOWN:
        assert parse(lines[-1])[2] == f"and {count - SHOWN + 1} more; see the report"


def test_a_long_name_keeps_the_title_within_githubs_limit() -> None:
    assert len(parse(annotations([finding(where="x" * 999)])[0])[1]) <= 255


def test_the_token_that_stops_commands_is_never_the_same() -> None:
    (stop, resume), (other, _) = stop_commands(), stop_commands()
    assert stop.removeprefix("::stop-commands::") == resume.strip(":")
    assert stop != other
