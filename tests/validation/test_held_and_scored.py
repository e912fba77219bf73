"""The accepted state that files are held against, and the order in which files are scored."""

from dataclasses import replace

import pytest

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.runtimes import FailureKind, LoadFailure, engines
from edgetag.validation.accepted import accept
from edgetag.validation.evaluation import Evaluation, prepare
from edgetag.validation.held import Held, require_standing
from edgetag.validation.inputs import candidates
from edgetag.validation.judging_run import failure_of, score
from edgetag.validation.scores import digest_in_order, images_digest
from tests.support.made_results import make_verdict, scored
from tests.support.tiny_run import STYLE, TAGS, TEST, VALIDATION, RunFolder

QUIET = SilentProgress()


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> str:
    """A runtime that is not here: where no program is found, no browser is."""
    monkeypatch.setenv("PATH", "")
    name = "browser-webgpu"
    assert engines.get(name).available()
    return name


@pytest.fixture
def recipe(run_folder: RunFolder) -> Recipe:
    return run_folder.on_litert()


def evaluated(folder: RunFolder, recipe: Recipe) -> Evaluation:
    dataset, given = open_dataset(folder.workspace), folder.reference_file()
    return prepare(recipe, folder.workspace, dataset, (), QUIET, given, 0.0)


def held(folder: RunFolder, recipe: Recipe, /, **changes: object) -> Held:
    """Write an accepted state of int8 beside the run, and read it."""
    verdict = make_verdict((scored("int8", "litert", "test", 0.004),)).replace(
        recipe=recipe.name, tags=TAGS
    )
    path = folder.workspace.root / "baseline.json"
    accept(verdict, None, "first").replace(**changes).write(path)
    return Held.read(path, recipe, TAGS)


@pytest.mark.parametrize(
    "changes", [{"recipe": "other"}, {"tags": ("cat",)}, {"split": "test_style"}], ids=str
)
def test_an_accepted_state_of_something_else_is_refused_before_anything_is_scored(
    run_folder: RunFolder, recipe: Recipe, changes: dict[str, object]
) -> None:
    with pytest.raises(InputError, match="accepted"):
        held(run_folder, recipe, **changes)


def test_an_accepted_state_is_about_its_pictures_in_whatever_order(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    evaluation = evaluated(run_folder, recipe)
    judged = [f"id{number}" for number in range(TEST)]
    now = images_digest(judged)
    for digest in (now, digest_in_order(judged)):  # the latter of older ones
        state = held(run_folder, recipe, images_sha256=digest)
        assert state.over(evaluation).accepted.images_sha256 == now
    others = held(run_folder, recipe, images_sha256=images_digest(judged[1:]))
    with pytest.raises(InputError, match="accepted over other images of 'test'"):
        others.over(evaluation)


def test_pictures_that_the_reference_knows_and_are_missing_may_have_been_accepted(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    evaluation = evaluated(run_folder, recipe)
    fewer = replace(evaluation, rows={**evaluation.rows, "test": evaluation.rows["test"][1:]})
    state = held(
        run_folder, recipe, images_sha256=images_digest([f"id{row}" for row in range(TEST)])
    )
    left = images_digest([f"id{row}" for row in range(1, TEST)])
    assert state.over(fewer).accepted.images_sha256 == left
    with pytest.raises(InputError, match="accepted over other images"):
        state.over(replace(fewer, pictures=None))


def test_each_file_is_held_against_what_is_accepted_of_it_on_runtimes_that_are_here(
    run_folder: RunFolder, recipe: Recipe, absent: str
) -> None:
    files = candidates(recipe, run_folder.workspace)
    assert held(run_folder, recipe).against(files).names == {"fp32": "fp32", "int8": "int8"}
    elsewhere = recipe.validation.replace(runtimes=(absent,))
    other = recipe.replace(validation=elsewhere)
    with pytest.raises(InputError, match="nothing is accepted of fp32, int8 on"):
        held(run_folder, other).against(files)


def test_the_worse_of_budgets_and_accepted_state_decides(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    state = held(run_folder, recipe)
    for drop, given, decided in (
        (0.004, "pass", "pass"),
        (0.004, "undecided", "undecided"),
        (0.02, "undecided", "fail"),
    ):
        verdict = make_verdict((scored("int8", "litert", "test", drop),)).replace(
            recipe=recipe.name, tags=TAGS, verdict=given
        )
        compared = state.compared(verdict, partial=True)
        assert compared.verdict == decided
        assert compared.baseline is not None
        assert compared.baseline.file == str(state.path)


def test_tolerances_are_the_recipes(run_folder: RunFolder, recipe: Recipe) -> None:
    wide = recipe.validation.replace(baseline_tolerance=0.1, baseline_tag_tolerance=0.2)
    verdict = make_verdict((scored("int8", "litert", "test", 0.09),)).replace(
        recipe=recipe.name, tags=TAGS
    )
    drifted = verdict.variants[0].replace(logit_rmse=0.4)
    further = verdict.replace(variants=(drifted,))
    for section, of, changes in (
        (recipe.validation, verdict, ["map", "map_drop", "ap of cat"]),
        (wide, verdict, []),
        (wide, further, ["logit_rmse"]),
        (wide.replace(baseline_rmse_tolerance=1.0), further, []),
    ):
        other = recipe.replace(validation=section)
        compared = held(run_folder, other).compared(of, partial=True).baseline
        assert compared is not None
        assert [change.what for change in compared.changes] == changes


def test_a_file_of_which_nothing_tells_what_it_stands_for_is_refused_without_data(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    bundle = recipe.bundle.replace(variants="best")
    best = recipe.replace(bundle=bundle)
    with pytest.raises(InputError, match="which variant does this file stand for"):
        require_standing(best, ["mine"], None, None)
    require_standing(best, ["mine"], "int8", None)
    state = held(run_folder, best)
    require_standing(best, ["mine"], None, state.path)  # one alone is accepted
    require_standing(best, [], None, None)


def test_runtimes_that_are_here_come_first_and_the_first_alone_scores_what_thresholds_are_fitted_on(
    run_folder: RunFolder, absent: str
) -> None:
    recipe = run_folder.with_recipe("")
    names = (absent, "litert")
    section = recipe.validation.replace(runtimes=names)
    recipe = recipe.replace(validation=section)
    evaluation = evaluated(run_folder, recipe)
    files = candidates(recipe, run_folder.workspace)
    runs = list(score(evaluation, files, QUIET))
    assert [(run.variant, run.engine.name) for run, _ in runs] == [
        ("fp32", "litert"),
        ("fp32", absent),
        ("int8", "litert"),
        ("int8", absent),
    ]
    judged = TEST + STYLE
    assert [len(run.rows) for run, _ in runs] == [judged + VALIDATION, judged] * 2
    for run, outcome in runs[1::2]:
        assert isinstance(outcome, LoadFailure)
        failure = failure_of(run, outcome)
        assert (failure.kind, failure.runtime_version) == (FailureKind.UNAVAILABLE, None)
        assert not failure.decides
