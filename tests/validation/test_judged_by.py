"""What a file is judged by: whatever decides moves its digest, and nothing else does."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.dataset import Dataset, open_dataset
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.recipe import Budget, Recipe
from edgetag.validation.evaluation import Evaluation, prepare
from edgetag.validation.inputs import Candidate, candidates
from edgetag.validation.metrics import Measured
from edgetag.validation.scores import read_reference, write_reference
from tests.support.small_run import Lines
from tests.support.tiny_run import STYLE, TAGS, TEST, VALIDATION, RunFolder

LIMITS = "[budgets.int8]\nmax_map_drop = 0.2\n[budgets.default]\nmax_map_drop = 0.9\n"


def prepared(folder: RunFolder, recipe: Recipe, files: tuple[Candidate, ...] = ()) -> Evaluation:
    given = folder.reference_file()
    dataset = open_dataset(folder.workspace)
    return prepare(recipe, folder.workspace, dataset, files, SilentProgress(), given, 0.0)


@pytest.fixture
def evaluation(run_folder: RunFolder) -> Evaluation:
    return prepared(run_folder, run_folder.on_litert(LIMITS))


@pytest.fixture
def file(run_folder: RunFolder) -> Candidate:
    return candidates(run_folder.recipe, run_folder.workspace, (), ("int8",))[0]


def with_recipe(evaluation: Evaluation, **changes: object) -> Evaluation:
    return replace(evaluation, recipe=evaluation.recipe.replace(**changes))


def with_section(evaluation: Evaluation, **changes: object) -> Evaluation:
    section = evaluation.recipe.validation.replace(**changes)
    return with_recipe(evaluation, validation=section)


def with_table(evaluation: Evaluation, row: int, **cells: object) -> Evaluation:
    """Return it with other cells of a row of the manifest."""
    dataset = evaluation.dataset
    table = dataset.manifest.clone()
    for column, value in cells.items():
        table[row, column.replace("_", ":")] = value
    changed = Dataset(table, dataset.vocabulary, dataset.cache)
    return replace(evaluation, dataset=changed)


def with_scores(evaluation: Evaluation) -> Evaluation:
    """Return it with another score of the reference, in the split that does not decide."""
    moved: dict[str, Measured] = dict(evaluation.reference)
    style = moved["test_style"]
    scores = style.scores.copy()
    scores[-1, -1] += np.float32(0.001)
    moved["test_style"] = Measured(scores, style.split, evaluation.thresholds)
    return replace(evaluation, reference=moved)


def with_policy(evaluation: Evaluation) -> Evaluation:
    policy = evaluation.recipe.training.thresholds.replace(max_fpr=0.2)
    training = evaluation.recipe.training.replace(thresholds=policy)
    return with_recipe(evaluation, training=training)


OF_ALL: Mapping[str, Callable[[Evaluation], Evaluation]] = {
    "seed": lambda given: with_recipe(given, seed=given.recipe.seed + 1),
    "setting": lambda given: with_section(given, at_fpr=0.02),
    "policy of thresholds": with_policy,
    "label": lambda given: with_table(
        given, 0, tag_cat=1 - int(given.dataset.labels(np.array([0]))[0, 0] == 1)
    ),
    "label to fit on": lambda given: with_table(
        given,
        len(given.dataset.manifest) - 1,
        tag_cat=1 - int(given.dataset.labels(np.array([len(given.dataset.manifest) - 1]))[0, 0]),
    ),
    "picture": lambda given: with_table(given, 0, identity="another"),
    "group": lambda given: with_table(given, 0, group="another"),
    "score of the reference": with_scores,
    "threshold": lambda given: replace(given, thresholds={**given.thresholds, "dog": 0.123}),
    "size of the float file": lambda given: replace(given, fp32_bytes=1),
    "pictures to fit on": lambda given: replace(given, refit_rows=given.refit_rows[:-1]),
    "split": lambda given: replace(
        given, rows={**given.rows, "test_style": given.rows["test_style"][1:]}
    ),
}


@pytest.mark.parametrize("change", OF_ALL)
def test_whatever_judges_all_files_moves_the_digest_of_each(
    evaluation: Evaluation, file: Candidate, change: str
) -> None:
    changed = OF_ALL[change](evaluation)
    assert changed.digest != evaluation.digest
    assert changed.judged_by(file) != evaluation.judged_by(file)


OF_FILE: dict[str, dict[str, Any]] = {
    "bytes": {"sha256": "0" * 64},
    "input": {"contract": Preprocessing(input_size=64, mean=1.0)},
    "order of scores": {"columns": (0, 2, 1)},
    "what it stands for": {"stands_for": "int8"},
}


@pytest.mark.parametrize("change", OF_FILE)
def test_whatever_a_file_is_moves_its_digest_alone(
    evaluation: Evaluation, file: Candidate, change: str
) -> None:
    assert evaluation.judged_by(replace(file, **OF_FILE[change])) != evaluation.judged_by(file)


def test_neither_a_file_s_place_nor_its_name_moves_its_digest_but_its_limits_do(
    evaluation: Evaluation, file: Candidate
) -> None:
    assert evaluation.judged_by(replace(file, path=Path("/moved"))) == evaluation.judged_by(file)
    as_default = replace(file, variant="fp32")
    assert evaluation.judged_by(as_default) != evaluation.judged_by(file)
    budgets: dict[str, Budget] = {"default": evaluation.recipe.budgets["int8"]}
    same = with_recipe(evaluation, budgets=budgets)
    assert same.judged_by(as_default) == evaluation.judged_by(file)


def test_a_file_has_the_limits_of_what_it_is_judged_as_else_the_default_ones(
    evaluation: Evaluation, file: Candidate
) -> None:
    assert evaluation.budget(file).max_map_drop == 0.2
    mine = replace(file, variant="mine")
    assert evaluation.budget(mine).max_map_drop == 0.9
    assert evaluation.budget(replace(mine, stands_for="int8")).max_map_drop == 0.2


def test_splits_lie_one_behind_the_other_and_a_later_runtime_scores_all_unless_told(
    evaluation: Evaluation,
) -> None:
    assert evaluation.deciding == "test"
    assert evaluation.places == {"test": slice(0, TEST), "test_style": slice(TEST, TEST + STYLE)}
    three = {
        name: evaluation.rows["test"][:count] for name, count in zip("abc", (2, 3, 4), strict=True)
    }
    assert replace(evaluation, rows=three).places == {
        "a": slice(0, 2),
        "b": slice(2, 5),
        "c": slice(5, 9),
    }
    assert evaluation.judged_rows.tolist() == list(range(TEST + STYLE))
    assert evaluation.agreement_places.tolist() == list(range(TEST + STYLE))
    assert len(with_section(evaluation, agreement_images=100).agreement_places) == 100
    assert len(evaluation.refit_rows) == VALIDATION
    assert len(evaluation.map_rows) == 0
    assert evaluation.heat_maps is None


def test_a_split_is_of_the_pictures_that_the_reference_knows(run_folder: RunFolder) -> None:
    dataset, given = open_dataset(run_folder.workspace), run_folder.reference_file()
    fewer = read_reference(given)
    assert fewer.known is not None
    known = replace(
        fewer.known,
        labels=fewer.known.labels[1:],
        paths=fewer.known.paths[1:],
        groups=None,
    )
    write_reference(
        given,
        replace(
            fewer,
            scores=fewer.scores[1:],
            identities=fewer.identities[1:],
            split=fewer.split[1:],
            known=known,
        ),
    )
    recipe = run_folder.on_litert(LIMITS)
    made = prepare(recipe, run_folder.workspace, dataset, (), SilentProgress(), given, 0.05)
    assert made.rows["test"].tolist() == list(range(1, TEST))
    assert np.array_equal(made.splits["test"].labels, dataset.labels(made.rows["test"]))
    assert np.array_equal(made.reference["test"].scores, run_folder.reference[1:TEST])
    assert len(made.splits["test_style"].labels) == STYLE


def test_what_cannot_judge_is_told_before_anything_is_scored(run_folder: RunFolder) -> None:
    dataset, given = open_dataset(run_folder.workspace), run_folder.reference_file()
    positives = (dataset.labels(dataset.rows("test")) == 1).sum(axis=0)
    rarest, fewest = TAGS[int(positives.argmin())], int(positives.min())
    recipe = run_folder.on_litert(
        "[budgets.default]\nmax_map_drop = 0.99\n"
        f"[budgets.default.tags]\n{rarest} = {{ max_ap_drop = 0.1 }}\n"
    )
    assert positives.max() > fewest, "another tag is scored still"
    section = recipe.validation.replace(min_positives=fewest + 1)
    lines = Lines()
    recipe = recipe.replace(validation=section)
    prepare(recipe, run_folder.workspace, dataset, (), lines, given, 0.0)
    told = [line for line in lines.lines if line.startswith("warning")]
    assert any("max_map_drop = 0.99 can never be broken" in line for line in told)
    assert any(f"budgets.default.tags.{rarest} cannot be shown to be kept" in line for line in told)


def test_a_reference_without_heat_maps_is_told_where_a_file_has_some(
    run_folder: RunFolder, file: Candidate
) -> None:
    dataset, given = open_dataset(run_folder.workspace), run_folder.reference_file()
    explains = (file, replace(file, variant="mine", explains=True))
    for files, said in (((file,), []), (explains, ["The reference has no heat maps"])):
        lines = Lines()
        made = prepare(
            run_folder.on_litert(LIMITS), run_folder.workspace, dataset, files, lines, given, 0.0
        )
        assert [line[:30] for line in lines.lines if "heat maps" in line] == said
        assert (len(made.map_rows), made.heat_maps) == (TEST if said else 0, None)
