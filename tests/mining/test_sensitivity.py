"""A verdict judged again: the same without a doubtful label, another where many are wrong."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.judging.checks import Check
from edgetag.labels import UNKNOWN
from edgetag.mining.sensitivity import sensitivity, turned_round
from edgetag.progress import SilentProgress
from edgetag.validation import stage as validation
from edgetag.validation.heat_maps import with_heat_maps
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace
from tests.support.tiny_run import TEST, RunFolder, make_run_folder

LIMITS = """
[budgets.default]
max_map_drop = 0.05
[budgets.default.tags]
cat = { max_recall_drop = 0.3 }
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run_folder(tmp_path_factory.mktemp("judged"))
    recipe = folder.with_recipe(LIMITS)
    validation.run(recipe, folder.workspace, SilentProgress(), folder.reference_file())
    return folder


@pytest.mark.slow
def test_without_a_doubtful_label_the_verdict_is_found_again(judged: RunFolder) -> None:
    dataset, recipe = open_dataset(judged.workspace), judged.with_recipe(LIMITS)
    verdict = Verdict.read(judged.workspace.validate / "verdict.json", "validate")
    files = sensitivity(recipe, judged.workspace, dataset, {})
    assert [each.variant for each in files] == list(verdict.decisions)
    for each in files:
        assert each.verdict == each.verdict_if_wrong == verdict.decisions[each.variant]
        assert each.map_drop == each.map_drop_if_wrong
        assert each.tags == ()


@pytest.mark.slow
def test_what_was_decided_about_heat_maps_stays(judged: RunFolder, tmp_path: Path) -> None:
    workspace = Workspace(shutil.copytree(judged.workspace.root, tmp_path / "run"))
    path = workspace.validate / "verdict.json"
    verdict = Verdict.read(path, "validate")
    broken = Check(budget="max_heat_map_error", limit=0.01, measured=0.5, verdict="fail")
    failed = tuple(with_heat_maps(entry, None, (broken,)) for entry in verdict.variants)
    verdict.replace(variants=failed).write(path)
    files = sensitivity(judged.with_recipe(LIMITS), workspace, open_dataset(workspace), {})
    assert {(each.verdict, each.verdict_if_wrong) for each in files} == {("fail", "fail")}


@pytest.mark.slow
def test_both_directions_are_counted_and_only_in_the_deciding_split(judged: RunFolder) -> None:
    dataset, recipe = open_dataset(judged.workspace), judged.with_recipe(LIMITS)
    labels = dataset.labels(np.arange(TEST, dtype=np.int64))[:, 0]
    yes, no = np.flatnonzero(labels == 1)[:3], np.flatnonzero(labels == 0)[:5]
    beyond = np.array([TEST + 1, TEST + 2])
    doubtful = {"cat": np.concatenate([yes, no, beyond])}
    for each in sensitivity(recipe, judged.workspace, dataset, doubtful):
        (cat,) = each.tags
        assert (cat.tag, cat.to_no, cat.to_yes) == ("cat", 3, 5)
        assert cat.recall != cat.recall_if_wrong


@pytest.mark.slow
def test_a_tag_whose_positives_are_all_wrong_is_no_longer_scored_and_its_own_margin_open(
    judged: RunFolder,
) -> None:
    dataset, recipe = open_dataset(judged.workspace), judged.with_recipe(LIMITS)
    yes = np.flatnonzero(dataset.labels(np.arange(TEST, dtype=np.int64))[:, 0] == 1)
    for each in sensitivity(recipe, judged.workspace, dataset, {"cat": yes}):
        (cat,) = each.tags
        assert cat.verdict_if_wrong == each.verdict_if_wrong == "undecided"
        assert cat.ap_drop_if_wrong is None


def test_turning_round_twice_gives_the_labels_again(judged: RunFolder) -> None:
    dataset = open_dataset(judged.workspace)
    rows = np.arange(TEST, dtype=np.int64)
    known = {"dog": np.flatnonzero(dataset.labels(rows)[:, 1] != UNKNOWN)}
    once = turned_round(dataset, known)
    assert (once.labels(rows)[known["dog"], 1] != dataset.labels(rows)[known["dog"], 1]).all()
    assert np.array_equal(turned_round(once, known).labels(rows), dataset.labels(rows))


def test_without_a_verdict_nothing_is_judged_again(judged: RunFolder, tmp_path: Path) -> None:
    folder = judged.unjudged(tmp_path / "run")
    with pytest.raises(InputError, match="edgetag validate"):
        sensitivity(folder.recipe, folder.workspace, open_dataset(folder.workspace), {})
