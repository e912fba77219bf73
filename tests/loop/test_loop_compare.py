"""What training changed between two runs stands apart from what other labels did."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgetag.cli.stages import read_recipe
from edgetag.dataset import open_dataset
from edgetag.dataset.answers import Answer, answers_csv
from edgetag.dataset.stage import run as build_data
from edgetag.errors import InputError
from edgetag.loop.compare import Run, compare
from edgetag.loop.tables import loop_sentences
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.validation.pictures import known_pictures
from edgetag.validation.scores import read_reference, write_reference
from edgetag.workspace import Making, RunFile, StageRecord, Workspace, digest_json
from tests.support.commands import invoked
from tests.support.finished_run import Finished, finish_run
from tests.support.listening import Listening
from tests.support.run_folders import TAGS

QUIET = SilentProgress()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run whose float model is scored."""
    return finish_run(tmp_path_factory.mktemp("loop") / "first", "wide")


def turned(first: Finished, tag: str, split: str, count: int) -> list[Answer]:
    """Return answers that turn some labels round."""
    dataset = open_dataset(first.workspace)
    rows, column = dataset.rows(split), TAGS.index(tag)
    labels = dataset.labels(rows)[:, column]
    known = np.flatnonzero(labels >= 0)[:count]
    return [
        Answer(dataset.identities(rows)[place], "", tag, 1 - int(labels[place]), "ann", "")
        for place in known
    ]


def later(
    first: Finished,
    folder: Path,
    answers: Sequence[Answer] = (),
    sureness: float = 0.0,
) -> Run:
    """Return a run with corrected labels, whose scores have moved towards what is true.

    Args:
        first: The run before.
        folder: Where to.
        answers: Corrections.
        sureness: How far scores have moved towards the labels.
    """
    folder.mkdir()
    recipe = first.recipe
    if answers:
        (folder / "answers.csv").write_text(answers_csv(answers))
        data = recipe.data.replace(corrections=(folder / "answers.csv",))
        recipe = recipe.replace(data=data)
    workspace = Workspace(folder / "run")
    build_data(recipe, workspace, QUIET)
    shutil.copytree(first.workspace.validate, workspace.validate)
    dataset, path = open_dataset(workspace), workspace.validate / "reference.npz"
    stored = read_reference(path)
    row_of = {name: row for row, name in enumerate(dataset.manifest["identity"].to_list())}
    rows = np.array([row_of[name] for name in stored.identities], dtype=np.int64)
    labels = dataset.labels(rows)
    moved = stored.scores + sureness * np.where(labels == 1, 1, -1) * (labels >= 0)
    scores = moved.clip(0, 1).astype(np.float32)
    write_reference(path, replace(stored, scores=scores, known=known_pictures(dataset, rows)))
    kept = RunFile(name="app", recipe=recipe.model_dump(mode="json"), seed=1, versions={})
    kept.write(workspace.run_file)
    return Run(recipe, workspace)


def run_of(finished: Finished) -> Run:
    return Run(finished.recipe, finished.workspace)


@pytest.mark.slow
def test_other_labels_alone_are_no_gain(first: Finished, tmp_path: Path) -> None:
    answers = turned(first, "cat", "test", 20)
    result = compare(run_of(first), later(first, tmp_path / "second", answers), QUIET)
    names = (result.before, result.after)
    assert names == (str(first.workspace.root), str(tmp_path / "second" / "run")), (
        "of one recipe both"
    )
    split = result.splits[0]
    assert (split.split, split.relabelled) == ("test", 20)
    cat, dog = split.tags[0], split.tags[1]
    assert (cat.tag, cat.relabelled, dog.relabelled) == ("cat", 20, 0)
    assert cat.ap.before != cat.ap.relabelled
    assert (cat.ap.gain, cat.ap.gain_interval) == (0, (0, 0))
    assert dog.ap.before == dog.ap.relabelled == dog.ap.after
    assert result.splits[1].relabelled == 0
    assert all(each.turned == 0 for each in result.learnt_from)


@pytest.mark.slow
def test_the_mean_before_is_over_the_tags_of_the_mean_after(
    first: Finished, tmp_path: Path
) -> None:
    dataset = open_dataset(first.workspace)
    rows, column = dataset.rows("test"), TAGS.index("dog")
    known = int((dataset.labels(rows)[:, column] >= 0).sum())
    positive = [each for each in turned(first, "dog", "test", known) if each.label == 0]
    second = later(first, tmp_path / "second", positive)
    split = compare(run_of(first), second, QUIET).splits[0]
    assert "dog" in split.not_scored
    assert split.map is not None
    before = [tag.ap.before for tag in split.tags if tag.ap.before is not None]
    assert len(before) == len(split.tags)
    assert split.map.before == pytest.approx(np.mean(before))
    back = compare(second, run_of(first), QUIET).splits[0]
    assert "dog" in [tag.tag for tag in back.tags]
    assert back.map is not None
    assert back.map.before is None, "the first labels score no dog, so there is no such mean"


@pytest.mark.slow
def test_a_better_model_gains_by_the_same_labels(first: Finished, tmp_path: Path) -> None:
    answers = turned(first, "dog", "train", 3)
    second = later(first, tmp_path / "second", answers, sureness=0.3)
    result = compare(run_of(first), second, QUIET)
    split = result.splits[0]
    assert split.relabelled == 0
    assert split.map is not None
    assert split.map.before == pytest.approx(split.map.relabelled)
    assert split.map.gain_interval is not None
    assert 0 < split.map.gain_interval[0] < split.map.gain < split.map.gain_interval[1]
    assert all(tag.recall_gain >= 0 and tag.fpr_gain >= 0 for tag in split.tags)
    train, validation = result.learnt_from
    assert (train.turned, validation.turned) == (3, 0)
    back = compare(second, run_of(first), QUIET).splits[0].map
    assert back is not None
    assert back.gain == pytest.approx(-split.map.gain)


@pytest.mark.slow
def test_only_pictures_of_both_runs_are_compared(first: Finished, tmp_path: Path) -> None:
    second = later(first, tmp_path / "second")
    source = first.recipe.data.source
    fewer = source.with_name("fewer.csv")
    lines = source.read_text().splitlines()
    fewer.write_text("\n".join(lines[:-12]) + "\n")
    recipe = second.recipe.replace(data=second.recipe.data.replace(source=fewer))
    build_data(recipe, second.workspace, QUIET)
    stored = read_reference(second.workspace.validate / "reference.npz")
    dataset = open_dataset(second.workspace)
    row_of = {name: row for row, name in enumerate(dataset.manifest["identity"].to_list())}
    kept = [place for place, name in enumerate(stored.identities) if name in row_of]
    rows = np.array([row_of[stored.identities[place]] for place in kept], dtype=np.int64)
    write_reference(
        second.workspace.validate / "reference.npz",
        replace(
            stored,
            scores=stored.scores[kept],
            identities=tuple(stored.identities[place] for place in kept),
            split=tuple(stored.split[place] for place in kept),
            known=known_pictures(dataset, rows),
        ),
    )
    split = compare(run_of(first), Run(recipe, second.workspace), QUIET).splits[0]
    assert split.only_before == 6
    assert split.only_after == 0
    assert split.images == len(dataset.rows("test"))


def test_runs_that_share_no_tag_or_split_are_refused(first: Finished, tmp_path: Path) -> None:
    second = later(first, tmp_path / "second")

    def with_splits(splits: tuple[str, ...]) -> Recipe:
        section = second.recipe.validation.replace(splits=splits)
        return second.recipe.replace(validation=section)

    tags = second.recipe.data.replace(tags=("bird",))
    strange = Run(second.recipe.replace(data=tags), second.workspace)
    with pytest.raises(InputError, match="the runs have no tag in common"):
        compare(run_of(first), strange, QUIET)
    styled = Run(with_splits(("test_style",)), second.workspace)
    plain = Run(with_splits(("test",)), first.workspace)
    with pytest.raises(InputError, match="no split is judged by both"):
        compare(plain, styled, QUIET)


def test_a_run_is_not_compared_with_itself(first: Finished) -> None:
    root = first.workspace.root
    same = Run(first.recipe, Workspace(root / ".." / root.name))
    with pytest.raises(InputError, match="both runs are this folder"):
        compare(run_of(first), same, QUIET)


@pytest.mark.slow
@pytest.mark.parametrize("trained_on", ["these data", "others"])
def test_a_network_that_learnt_from_other_data_than_are_built_now_is_told(
    first: Finished, tmp_path: Path, trained_on: str
) -> None:
    second = later(first, tmp_path / "second", turned(first, "cat", "train", 5))
    run_file = second.workspace.read_run_file()
    assert run_file
    outputs = {"dataset/manifest.parquet": "a"}
    learnt_from = digest_json(outputs if trained_on == "these data" else {})
    making = Making(settings={}, code="", packages={}, inputs={"dataset": learnt_from})
    record = StageRecord(
        fingerprint="", settings="", outputs={}, finished_at="", wall_s=0, peak_memory_bytes=0
    )
    stages = {
        "dataset": record.replace(outputs=outputs),
        "train": record.replace(making=making),
    }
    run_file.replace(stages=stages).write(second.workspace.run_file)
    progress = Listening()
    compare(run_of(first), second, progress)
    notes = [line for line in progress.said if "not what the network learnt from" in line]
    assert len(notes) == (trained_on == "others")
    assert all(str(second.workspace.root) in note for note in notes)


def test_the_command_takes_run_folders_and_prints_both_parts(
    first: Finished, tmp_path: Path
) -> None:
    second = later(first, tmp_path / "second", turned(first, "cat", "test", 5))
    places = (str(first.workspace.root), str(second.workspace.root))
    assert read_recipe(second.workspace.root).data.corrections
    code, output = invoked("loop", "compare", *places)
    assert code == 0
    assert "5 of" in output
    assert "by the new labels" in output
    code, output = invoked("loop", "compare", *places, "--json")
    assert json.loads(output)["splits"][0]["relabelled"] == 5
    assert "-0.0" not in output


def test_tags_that_the_tables_leave_out_are_named(first: Finished, tmp_path: Path) -> None:
    second = later(first, tmp_path / "second")
    fewer = second.recipe.replace(data=second.recipe.data.replace(tags=TAGS[:1]))
    result = compare(run_of(first), Run(fewer, second.workspace), QUIET)
    assert (result.tags_only_before, result.tags_only_after) == (TAGS[1:], ())
    assert [tag.tag for tag in result.splits[0].tags] == [TAGS[0]]
    unscored = result.splits[0].replace(not_scored=("dog",))
    shown = list(loop_sentences(result.replace(splits=(unscored,))))
    assert shown == [
        f"Not compared, since {first.workspace.root} alone has them: {', '.join(TAGS[1:])}",
        "Not scored on test, for too few positives or no negative: dog",
    ]
