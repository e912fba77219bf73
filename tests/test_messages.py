"""What a process is told arrives as it was, and what it answers is checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from edgetag.messages import from_line, to_line


@dataclass(frozen=True)
class Part:
    """A message in a message."""

    file: Path
    size: float


@dataclass(frozen=True, kw_only=True)
class Whole:
    """With a field of each kind that jobs and events have."""

    event: Literal["whole"] = "whole"
    parts: tuple[Part, ...]
    first: Part
    rows: tuple[int, ...] = ()
    reasons: tuple[str | None, ...] = ()
    times: tuple[tuple[float, ...] | None, ...] = ()


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PARTS = st.builds(Part, st.text("ab/\n\"'é", min_size=1).map(Path), NUMBERS)
WHOLES = st.builds(
    Whole,
    parts=st.lists(PARTS, max_size=3).map(tuple),
    first=PARTS,
    rows=st.lists(st.integers(-(2**63), 2**63), max_size=3).map(tuple),
    reasons=st.lists(st.none() | st.text(), max_size=3).map(tuple),
    times=st.lists(st.none() | st.lists(NUMBERS, max_size=2).map(tuple), max_size=2).map(tuple),
)
LISTENER: TypeAdapter[Whole] = TypeAdapter(Whole)


@given(WHOLES)
def test_a_listener_gets_what_was_said(message: Whole) -> None:
    line = to_line(message)
    assert "\n" not in line
    assert LISTENER.validate_json(line) == message


@given(st.builds(Part, st.text("ab/\n", min_size=1).map(Path), NUMBERS))
def test_a_job_is_read_as_it_was_written(part: Part) -> None:
    whole = Whole(parts=(part, part), first=part, rows=(3, -1), reasons=("why", None))
    assert from_line(Whole, to_line(whole)) == whole


def test_a_listener_refuses_what_is_no_event() -> None:
    said = to_line(Whole(parts=(), first=Part(Path("a"), 1.0)))
    for wrong in (said.replace("whole", "part"), said.replace("1.0", '"much"'), said[:-1], "{}"):
        with pytest.raises(ValidationError):
            LISTENER.validate_json(wrong)


def test_a_job_of_another_version_is_an_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        from_line(Part, '{"file": "a", "size": 1.0, "colour": 2}')
