"""The verbs that a CI job uses, as it meets them: output, files, exit codes."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.cli.outcome import append_step_summary, print_result
from edgetag.errors import InputError, MissingExtraError
from edgetag.fingerprints import settings_digest
from edgetag.recipe import parse_recipe
from edgetag.stages import stage
from edgetag.validation.result import Verdict
from edgetag.workspace import Making, RunFile, Workspace, digest_json
from edgetag.writing import write_text
from tests.support.commands import refusal_of
from tests.support.made_results import RECIPE, make_sources, stage_record


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "model" / "recipe.toml"
    write_text(path, RECIPE)
    return path


def leave(verdict: Verdict, tmp_path: Path) -> Path:
    """Leave a verdict in a run folder as validate does in a job that does nothing else."""
    workspace = Workspace(tmp_path / "run")
    verdict.write(workspace.validate / "verdict.json")
    recipe = parse_recipe(RECIPE, tmp_path / "model" / "recipe.toml")
    record = stage_record(settings=settings_digest(stage("validate"), recipe))
    run_file = RunFile(
        name=recipe.name, recipe={}, seed=1, versions={"edgetag": "0"}, stages={"validate": record}
    )
    run_file.write(workspace.run_file)
    return workspace.root


@pytest.mark.slow
def test_a_job_that_only_validates_gets_a_report_and_a_page(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = leave(make_sources(int8_drop=0.0213).verdict, tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    done = CliRunner().invoke(app, ["report", str(recipe), "--out", str(run), "--github"])
    assert done.exit_code == 0, done.output
    assert "::error title=edgetag%3A not accepted%3A int8 on litert::max_map_drop" in done.stdout
    summary = (run / "report" / "summary.md").read_text(encoding="utf-8")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == summary
    assert (run / "report" / "junit.xml").stat().st_size
    silent = CliRunner().invoke(app, ["report", str(recipe), "--out", str(run), "--json"])
    assert json.loads(silent.stdout)["verdict"] == "fail"
    monkeypatch.setitem(sys.modules, "mlflow", None)
    logged = ["report", str(recipe), "--out", str(run), "--json", "--mlflow", "nightly"]
    refused = CliRunner().invoke(app, logged)
    assert isinstance(refused.exception, MissingExtraError)
    assert not refused.stdout, "as with every command that refuses"
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == summary


def test_accept_writes_beside_the_recipe_and_show_tells_every_reason(
    recipe: Path, tmp_path: Path
) -> None:
    run = leave(make_sources().verdict, tmp_path)
    for reason in ("first", "second"):
        done = CliRunner().invoke(
            app, ["baseline", "accept", str(recipe), "--out", str(run), "--reason", reason]
        )
        assert done.exit_code == 0, done.output
    assert f"accepted: {recipe.parent / 'baseline.json'}; commit it" in done.stderr
    shown = CliRunner().invoke(app, ["baseline", "show", str(recipe), "--json"])
    assert json.loads(shown.stdout) == json.loads((recipe.parent / "baseline.json").read_text())
    told = CliRunner().invoke(app, ["baseline", "show", str(recipe)]).stdout
    reasons = told[told.index("Reasons") :].splitlines()
    assert [line.split()[-1] for line in reasons[3:5]] == ["second", "first"]


def test_accept_without_a_reason_is_refused(recipe: Path, tmp_path: Path) -> None:
    run = leave(make_sources().verdict, tmp_path)
    arguments = ["baseline", "accept", str(recipe), "--out", str(run)]
    assert CliRunner().invoke(app, arguments).exit_code == 2
    done = CliRunner().invoke(app, [*arguments, "--reason", " "])
    assert isinstance(done.exception, InputError)
    assert not (recipe.parent / "baseline.json").exists()


def test_accept_failing_is_an_option(recipe: Path, tmp_path: Path) -> None:
    run = leave(make_sources(int8_drop=0.05).verdict, tmp_path)
    arguments = ["baseline", "accept", str(recipe), "--out", str(run), "--reason", "r"]
    assert isinstance(CliRunner().invoke(app, arguments).exception, InputError)
    assert CliRunner().invoke(app, [*arguments, "--accept-failing"]).exit_code == 0


def test_with_github_the_tables_are_no_commands_and_annotations_follow(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = make_sources(int8_drop=0.0213).verdict
    entry = verdict.variants[-1]
    hostile = entry.tags[0].replace(tag="::add-mask::x")
    hostile_entry = entry.replace(tags=(hostile, *entry.tags[1:]), decides=True)
    verdict = verdict.replace(variants=(*verdict.variants[:-1], hostile_entry))
    print_result(verdict, json=False, github=True)
    lines = capsys.readouterr().out.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    end = lines.index(f"::{token}::")
    assert any(line.startswith("::error title=edgetag%3A not accepted") for line in lines[end:])
    commands = ("::error ", "::warning ", "::notice ")
    assert all(line.startswith(commands) for line in lines[end + 1 :])
    assert not any(line.startswith("::") for line in lines[1:end])


def test_without_github_nothing_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(make_sources(int8_drop=0.0213).verdict, json=False)
    assert "::" not in capsys.readouterr().out


def test_json_is_all_that_stdout_gets_even_with_github(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = make_sources(int8_drop=0.0213).verdict
    print_result(verdict, json=True, github=True)
    assert Verdict.from_json(capsys.readouterr().out, "stdout") == verdict


def test_the_summary_is_added_to_the_page_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary, page = tmp_path / "summary.md", tmp_path / "page.md"
    summary.write_text("# ✓\n", encoding="utf-8")
    page.write_text("what a step before said\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    append_step_summary(summary)
    assert page.read_text(encoding="utf-8") == "what a step before said\n# ✓\n"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "none" / "page.md"))
    with pytest.raises(InputError, match="GITHUB_STEP_SUMMARY"):
        append_step_summary(summary)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    append_step_summary(tmp_path / "not even there")


@pytest.mark.parametrize("verb", ["report", "bundle"])
def test_a_verdict_on_other_pictures_is_reported_by_nobody(
    recipe: Path, tmp_path: Path, verb: str
) -> None:
    run = leave(make_sources().verdict, tmp_path)
    workspace = Workspace(run)
    run_file = workspace.read_run_file()
    assert run_file is not None
    judged = Making(
        settings={}, code="", packages={}, inputs={"dataset": digest_json({"summary.json": "a"})}
    )
    validated = run_file.stages["validate"].replace(making=judged)
    loaded = parse_recipe(RECIPE, recipe)
    built = {
        name: validated.replace(
            making=None,
            settings=settings_digest(stage(name), loaded),
            outputs={"summary.json": "b"},
        )
        for name in ("dataset", "train", "export")
    }
    stages = {**built, "validate": validated}
    run_file.replace(stages=stages).write(workspace.run_file)
    done = CliRunner().invoke(app, [verb, str(recipe), "--out", str(run)])
    assert "validate judged what dataset left before" in refusal_of(done)


def test_a_verdict_of_tags_that_the_recipe_had_before_is_not_reported_as_its_own(
    recipe: Path, tmp_path: Path
) -> None:
    run = leave(make_sources().verdict, tmp_path)
    workspace = Workspace(run)
    run_file = workspace.read_run_file()
    assert run_file is not None
    loaded = parse_recipe(RECIPE, recipe)
    before = loaded.replace(data=loaded.data.replace(tags=("lynx", *loaded.data.tags[1:])))
    built = stage_record(settings=settings_digest(stage("dataset"), before))
    run_file.replace(stages={**run_file.stages, "dataset": built}).write(workspace.run_file)
    done = CliRunner().invoke(app, ["report", str(recipe), "--out", str(run)])
    assert "dataset was run with other settings than the recipe has now" in refusal_of(done)
