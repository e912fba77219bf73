"""The JSON Schema of verdict.json says of real verdicts that they fit, and of damaged ones not."""

import json
from typing import Any

import pytest

from edgetag.validation.baseline import accept, compare
from edgetag.validation.result import Verdict
from tests.support.made_results import make_sources

jsonschema = pytest.importorskip("jsonschema", reason="no validator of JSON Schema is installed")


def problems(value: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(Verdict.json_schema(written=True))
    return [error.message for error in validator.iter_errors(value)]


def written() -> dict[str, Any]:
    """Return a verdict with a failure, undecided checks and a baseline, as it is on disk."""
    verdict = make_sources(tag_half_width=0.05).verdict
    baseline = accept(make_sources(int8_drop=0.02).verdict, None, "r")
    compared = compare(verdict, baseline, "baseline.json", 0.002, 0.01, 0.1)
    assert compared.changes
    value: dict[str, Any] = json.loads(verdict.replace(baseline=compared).to_json())
    return value


def test_it_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(Verdict.json_schema(written=True))
    assert (
        Verdict.json_schema(written=True)["$schema"]
        == "https://json-schema.org/draft/2020-12/schema"
    )


def test_what_is_written_fits() -> None:
    assert problems(written()) == []
    assert problems(json.loads(make_sources().verdict.to_json())) == []


@pytest.mark.slow
def test_every_key_that_is_written_is_required() -> None:
    for key in written():
        value = written()
        del value[key]
        assert problems(value), key
    value = written()
    del value["variants"][0]["tags"][0]["recall_drop_interval"]
    assert problems(value)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("schema",), "edgetag.verdict/1.0"),
        (("verdict",), "maybe"),
        (("variants", 0, "map_drop_interval"), [0.1]),
        (("variants", 0, "tags", 0, "ap"), "0.9"),
        (("variants", 0, "note"), "an unknown key"),
    ],
)
def test_what_is_not_a_verdict_does_not_fit(path: tuple[str | int, ...], wrong: object) -> None:
    value = written()
    place: Any = value
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    assert problems(value)


def test_a_later_minor_version_fits() -> None:
    major = Verdict.SCHEMA.rpartition(".")[0]
    assert problems(written() | {"schema": f"{major}.99"}) == []
