"""Every verb that takes a recipe takes a run folder, which keeps its recipe, in its place."""

import re
from pathlib import Path
from typing import Any

import pytest

from edgetag.benchmarking.history import HISTORY, append
from edgetag.cli.stages import baseline_beside, prepare
from edgetag.errors import InputError
from edgetag.recipe import parse_recipe
from edgetag.workspace import RunFile, Workspace
from tests.support.commands import ALL, invoked
from tests.support.made_results import RECIPE, make_sources, make_verdict, scored

OTHERS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("baseline", "accept"): ("--reason", "r"),
    ("ci", "export"): ("folder",),
    ("phone", "export"): ("rows.jsonl", "--runtime-version", "2.3.0"),
    ("phone", "pack"): ("folder",),
    ("phone", "read"): ("answer.json",),
    ("review", "export"): ("--to", "answers.csv"),
    ("review", "import"): ("answers.csv",),
    ("validate", "file"): ("model.tflite",),
}
"""What a verb wants beside the recipe."""


def takes_a_recipe(command: Any) -> bool:
    return any(parameter.metavar == "RECIPE" for parameter in command.params)


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


VERBS = [path for path, command in ALL if takes_a_recipe(command)]


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """Return a run folder that lies elsewhere than `runs/NAME`, with its recipe alone."""
    recipe = parse_recipe(RECIPE, tmp_path / "model" / "recipe.toml")
    kept = RunFile(name=recipe.name, recipe=recipe.model_dump(mode="json"), seed=1, versions={})
    kept.write(Workspace(tmp_path / "elsewhere").run_file)
    return tmp_path / "elsewhere"


def test_all_verbs_are_tried() -> None:
    assert len(VERBS) >= 22
    assert set(OTHERS) <= set(VERBS)


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_a_folder_without_a_recipe_is_answered_alike_by_every_verb(
    path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    code, said = invoked(*path, "empty", *OTHERS.get(path, ()))
    assert code != 0
    assert "empty: a folder without run.json; name a recipe or a run folder" in said


@pytest.mark.parametrize(
    "path",
    [path for path, command in ALL if ("-o" in options_of(command)) and path in VERBS],
    ids=" ".join,
)
def test_a_file_in_a_run_folders_place_is_refused_by_every_verb(
    path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "taken").touch()
    code, said = invoked(*path, "recipe.toml", *OTHERS.get(path, ()), "--out", "taken")
    assert code != 0
    assert re.search(
        "taken: not a folder; a run folder is wanted here|cannot be written: taken is a file", said
    )


def test_the_recipe_that_a_run_folder_keeps_is_read_and_the_folder_is_the_run(
    run_folder: Path,
) -> None:
    recipe, workspace, _ = prepare(run_folder, None, verbose=False)
    assert recipe == parse_recipe(RECIPE, run_folder.parent / "model" / "recipe.toml")
    assert workspace.root == run_folder
    _, workspace, _ = prepare(run_folder, Path("out"), verbose=False)
    assert workspace.root == Path("out")
    assert "a valid recipe for" in invoked("recipe", "check", str(run_folder))[1]


def test_the_benchmarks_of_a_run_folder_are_shown_by_its_name(run_folder: Path) -> None:
    bench = make_sources().bench
    assert bench
    append(run_folder / "bench" / HISTORY, bench.replace(measured_at="2026-11-26T20:00:00+00:00"))
    code, said = invoked("bench", "history", str(run_folder))
    assert code == 0
    assert "2026-11-26T20:00:00" in said


def test_a_run_folder_leaves_out_no_accepted_state_unsaid(run_folder: Path) -> None:
    workspace = Workspace(run_folder)
    for words in (("baseline", "show"), ("run",)):
        code, said = invoked(*words, str(run_folder))
        assert code != 0
        assert "does not say where baseline.json lies" in said
    with pytest.raises(InputError, match="name the recipe"):
        baseline_beside(run_folder, workspace)
    verdict = make_verdict((scored("int8", "litert", "test", 0.0),))
    verdict.write(workspace.validate / "verdict.json")
    assert baseline_beside(run_folder, workspace) is None, "it was judged without one"
