"""`edgetag validate` and the verbs beside it, as a person meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edgetag.cli.app import app
from edgetag.errors import InputError
from tests.support.commands import refusal_of
from tests.support.run_folders import INT8
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
    refused = validate("fiel", "recipe.toml")
    assert "did you mean 'edgetag validate file'?" in refusal_of(refused)


def test_a_name_stands_before_the_file_that_it_names(recipe: Path, run_folder: RunFolder) -> None:
    refused = validate("file", recipe, "int8=model.tflite", "--out", run_folder.workspace.root)
    assert "model.tflite: the name int8 is taken; give another: NAME=FILE" in refusal_of(refused)


def test_a_file_may_have_an_equals_sign_in_its_path(recipe: Path, run_folder: RunFolder) -> None:
    odd = run_folder.workspace.root / "a=b.tflite"
    odd.write_bytes(b"none")
    refused = validate("file", recipe, odd, "--out", run_folder.workspace.root)
    assert refusal_of(refused).startswith(f"{odd}: ")


def test_a_wrong_variant_is_refused_before_any_data_are_built(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "new"
    refused = validate("file", recipe, INT8, "--as", "int9", "--out", out)
    assert "--as int9: the recipe's variants are fp32, int8" in refusal_of(refused)
    missing = validate("file", recipe, INT8, "--baseline", tmp_path / "none.json", "--out", out)
    assert "none.json: there is no accepted state yet" in refusal_of(missing)
    assert not out.exists()


@pytest.mark.parametrize("verb", [(), ("file",)])
def test_an_accepted_state_is_not_both_named_and_left_out(
    verb: tuple[str, ...], recipe: Path, tmp_path: Path
) -> None:
    options = ("--baseline", tmp_path / "baseline.json", "--no-baseline", "--out", tmp_path / "new")
    files = (INT8,) if verb else ()
    refused = validate(*verb, recipe, *files, *options)
    assert isinstance(refused.exception, InputError)
    assert "--baseline names an accepted state, --no-baseline compares with none" in str(
        refused.exception
    )
