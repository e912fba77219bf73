"""Records take over values by name; results are read where they are, and kept ones where whole."""

from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from pydantic import ValidationError

from edgetag.errors import ExitCode, InputError
from edgetag.records import Record, Result


class Named(Record):
    name: str
    count: int = 0


class Kept(Result):
    SCHEMA: ClassVar[str] = "edgetag.test-kept/1.0"
    name: str


def test_a_record_takes_over_what_has_the_same_name_and_what_is_given_goes_first() -> None:
    other = SimpleNamespace(name="int8", count=3, besides="passed over")
    assert Named.like(other) == Named(name="int8", count=3)
    assert Named.like(other, name="fp32") == Named(name="fp32", count=3)
    assert Named.like(SimpleNamespace(name="int8")).count == 0


def test_a_record_without_a_value_that_it_needs_is_refused() -> None:
    with pytest.raises(ValidationError, match="name"):
        Named.like(SimpleNamespace(count=3))


def test_a_result_that_is_not_there_is_none_and_a_damaged_one_an_error(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    assert Kept.read_if_there(path, "test") is None
    path.write_text("{")
    with pytest.raises(InputError, match=r"kept\.json"):
        Kept.read_if_there(path, "test")


def test_a_missing_and_a_damaged_result_name_the_command_that_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    with pytest.raises(InputError, match=r"kept\.json: missing; run: edgetag test$"):
        Kept.read(path, "test")
    for damaged, where in ((b"{", r"Invalid JSON"), (b'{"name": 1}', "name: Input should be")):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=rf"kept\.json: {where}.*; run: edgetag test\.$"):
            Kept.read(path, "test")


def test_what_an_attempt_kept_is_taken_only_where_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    assert Kept.read_kept(path) is None
    (tmp_path / "file").touch()
    assert Kept.read_kept(tmp_path / "file" / "kept.json") is None
    for damaged in (b"{", b"\xff", b'{"schema": "edgetag.test-kept/2.0", "name": "int8"}'):
        path.write_bytes(damaged)
        assert Kept.read_kept(path) is None
    Kept(name="int8").write(path)
    assert Kept.read_kept(path) == Kept(name="int8")


def test_a_result_that_decides_nothing_ends_a_command_with_0() -> None:
    assert Kept(name="int8").exit_code is ExitCode.ACCEPTED
