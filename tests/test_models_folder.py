"""What models/ tells people to type is what the command line takes."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from edgetag.ci.job import Job
from edgetag.cli.app import app
from edgetag.recipe import load_recipe
from tests.support.paths import ROOT

MODELS = ROOT / "models"
WORKFLOW = MODELS / "github-workflow.yml"


def steps() -> list[dict[str, object]]:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    found: list[dict[str, object]] = workflow["jobs"]["validate"]["steps"]
    return found


def commands() -> list[str]:
    """Return every edgetag command of the workflow and of the README's examples."""
    runs = [str(step["run"]) for step in steps() if "run" in step]
    shown = re.findall(r"^\$ (edgetag .*)$", (MODELS / "README.md").read_text(), re.MULTILINE)
    return [line for line in (*runs, *shown) if line.startswith("edgetag ")]


def taken(line: str) -> bool:
    """Tell whether verbs and options exist; --help keeps them from doing anything."""
    return CliRunner().invoke(app, [*shlex.split(line)[1:], "--help"]).exit_code == 0


@pytest.mark.parametrize(
    "recipe", sorted(MODELS.glob("*/recipe.toml")), ids=lambda p: p.parent.name
)
def test_every_variant_is_judged_over_all_tags_and_in_each(recipe: Path) -> None:
    loaded = load_recipe(recipe)
    for variant in loaded.export.variants:
        budget = loaded.budget(variant)
        assert budget.max_map_drop is not None or budget.min_map is not None, variant
        for tag in loaded.data.tags:
            assert all(limit is not None for _, limit in budget.margins(tag)), (variant, tag)


@pytest.mark.parametrize("line", commands())
def test_every_command_is_one_that_the_command_line_takes(line: str) -> None:
    assert taken(line)


def test_an_unknown_option_or_verb_would_be_noticed() -> None:
    assert not taken("edgetag report recipe.toml --no-such-option")
    assert not taken("edgetag no-such-verb recipe.toml")


def test_there_are_commands_to_check() -> None:
    verbs = {line.split()[1] for line in commands()}
    assert {"validate", "report", "baseline"} <= verbs


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="Python 3.11 wrote it")
def test_the_workflow_to_read_is_the_one_that_is_exported() -> None:
    job = Job(
        name="demo", variant="int8-qat", place="model-ci", requirement=None, extra="", accepted=True
    )
    assert WORKFLOW.read_text() == job.workflow()


def test_the_workflow_can_only_read() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())


def test_the_report_is_written_and_kept_after_a_failure() -> None:
    after = steps()[[s.get("name") for s in steps()].index("Validate the model") + 1 :]
    written = "hashFiles('model-ci/runs/ci/validate/verdict.json') != ''"
    assert [step["if"] for step in after] == [f"always() && {written}", "always()"]
    assert "edgetag report" in str(after[0]["run"])
    assert str(after[-1]["uses"]).startswith("actions/upload-artifact@")


def test_nothing_from_outside_is_written_into_a_command() -> None:
    for step in steps():
        assert "${{" not in str(step.get("run", ""))
