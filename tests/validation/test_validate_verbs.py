"""`edgetag validate` and the verbs beside it, as a person meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edgetag.cli.app import app
from edgetag.errors import InputError
from tests.support.tiny_run import RECIPE, RunFolder


@pytest.fixture
def recipe(run_folder: RunFolder) -> Path:
    path = run_folder.workspace.root / "recipe.toml"
    path.write_text(RECIPE + "[budgets.int8]\nmax_recall_drop = 0.05\n")
    return path


def validate(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["validate", *map(str, arguments)])


def test_plan_tells_a_person_and_a_program_the_same(recipe: Path, run_folder: RunFolder) -> None:
    out = ["--out", run_folder.workspace.root]
    told = validate("plan", recipe, *out)
    assert told.exit_code == 0, told.output
    values = json.loads(validate("plan", recipe, *out, "--json").stdout)
    assert len(values["needs"]) == 3
    for need in values["needs"]:
        line = next(line for line in told.stdout.splitlines() if line.split()[:1] == [need["tag"]])
        assert str(need["needed"]) in line.split()


@pytest.mark.slow
def test_speed_times_validation_beside_the_bare_runtime(
    recipe: Path, run_folder: RunFolder
) -> None:
    done = validate(
        "speed",
        recipe,
        "--out",
        run_folder.workspace.root,
        "--variant",
        "int8",
        "--images",
        100,
        "--json",
    )
    assert done.exit_code == 0, done.output
    (rate,) = [r for r in json.loads(done.stdout)["rates"] if r["runtime"] == "litert"]
    assert rate["ratio"] == pytest.approx(
        rate["validate_images_per_s"] / rate["bare_images_per_s"], rel=0.5
    )


def test_schema_describes_the_verdict() -> None:
    schema = json.loads(validate("schema").stdout)
    assert "verdict" in schema["properties"]


def test_the_first_argument_may_be_a_recipe_or_a_verb(recipe: Path) -> None:
    assert "Usage: edgetag validate run" in validate("--help").stdout
    assert "Usage: edgetag validate plan" in validate("plan", "--help").stdout
    refused = validate(recipe, "--name", "x")
    assert isinstance(refused.exception, InputError)
    assert "1 --name for 0 --model" in str(refused.exception)


def test_flags_of_a_given_model_need_one(recipe: Path) -> None:
    refused = validate(recipe, "--mean", "127")
    assert isinstance(refused.exception, InputError)
    assert "are about a --model; give one" in str(refused.exception)
