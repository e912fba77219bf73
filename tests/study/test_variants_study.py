"""Several trainings of a recipe as one table, on run folders that are made without TensorFlow."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgetag.errors import InputError
from edgetag.one_stage import ensure_stage
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.scratch import scratch_folder
from edgetag.sharing import share_dataset
from edgetag.study.goals import Goal, check, goals_of, parse_goal
from edgetag.study.pooling import Pool
from edgetag.study.result import VariantsStudy
from edgetag.study.seeds import recipe_of_seed, seed_folder
from edgetag.study.tables import study_tables
from edgetag.study.variants import compare_seeds
from edgetag.validation import stage
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace
from tests.support.accelerators import RAN
from tests.support.small_run import Lines
from tests.support.splits import split_over
from tests.support.tiny_run import make_run_folder

NAMES = ("fp32", "int8")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Recipe], Workspace]:
    """Two seeds that were validated: the second one's scores are those of the first."""
    made = make_run_folder(tmp_path_factory.mktemp("seeds"))
    recipe = made.recipe.replace(benchmark=made.recipe.benchmark.replace(runs=10))
    folder = Workspace(tmp_path_factory.mktemp("study"))
    recipes = [recipe_of_seed(recipe, seed, NAMES) for seed in (1, 2)]
    stage.run(recipes[0], made.workspace, SilentProgress(), made.reference_file())
    for each in recipes:
        shutil.copytree(made.workspace.root, seed_folder(folder, each.seed).root)
    return recipes, folder


@pytest.fixture(scope="module")
def compared(study: tuple[list[Recipe], Workspace]) -> VariantsStudy:
    return compare_seeds(*study, (), SilentProgress())


@pytest.mark.slow
def test_equal_trainings_give_the_figures_of_one(
    study: tuple[list[Recipe], Workspace], compared: VariantsStudy
) -> None:
    _, folder = study
    verdict = Verdict.read(seed_folder(folder, 1).validate / "verdict.json", "validate")
    of_int8 = [entry for entry in verdict.variants if entry.variant == "int8"]
    (row,) = [row for row in compared.rows if row.name == "int8"]
    for pooled, alone in zip(row.accuracy, of_int8, strict=True):
        assert pooled.split == alone.split
        assert pooled.map_drop == pytest.approx(alone.map_drop)
        assert pooled.map_drop_by_seed == (pooled.map_drop,) * 2
        assert pooled.map_drop_interval == pytest.approx(alone.map_drop_interval)
        assert pooled.logit_rmse == pytest.approx(alone.logit_rmse)
        assert pooled.logit_rmse_interval == pytest.approx(alone.logit_rmse_interval)
    assert (row.runtime, row.accelerator) == (compared.runtime, RAN)
    assert row.latency_ratio is not None
    assert row.latency_ratio.p50 == 1  # int8 is what the others are a share of
    assert VariantsStudy.read(folder.root / "study.json", "study variants") == compared
    files, seeds = study_tables(compared)
    assert "mean of 2 trainings" in files.title
    assert seeds.title.endswith("seeds 1 / 2")
    assert "int8" in (folder.root / "study.md").read_text(encoding="utf-8")
    assert (folder.root / "study.svg").read_text(encoding="utf-8").count("<svg") == 1


@pytest.mark.slow
def test_a_seed_whose_scores_were_touched_is_refused(
    study: tuple[list[Recipe], Workspace], tmp_path: Path
) -> None:
    recipes, folder = study
    other = Workspace(tmp_path / "study")
    shutil.copytree(folder.root, other.root)
    scores = next((seed_folder(other, 2).validate / "scores").glob("int8*.npz"))
    shutil.copy(next(scores.parent.glob("fp32*.npz")), scores)
    with pytest.raises(InputError, match="not the scores that verdict"):
        compare_seeds(recipes, other, (), SilentProgress())


def test_losses_of_trainings_that_cancel_leave_none_in_the_mean() -> None:
    labels = np.array([[1], [0]] * 60, dtype=np.int8)
    right = np.where(labels == 1, 0.9, 0.1).astype(np.float32)
    worse = right.copy()
    worse[::10] = 0.05
    split = split_over(
        labels, ("cat",), [f"concept {n // 4}" for n in range(len(labels))], min_positives=5
    )
    pooled = Pool("test", split, [right, worse]).measure([worse, right])
    lost, gained = pooled.map_drop_by_seed
    assert lost > 0.01
    assert lost + gained == 0
    assert pooled.map_drop == pytest.approx(0)
    assert pooled.map_drop_interval == pytest.approx((0, 0))
    assert pooled.logit_rmse == pytest.approx(pooled.logit_rmse_by_seed[0])


@pytest.mark.slow
def test_pictures_are_shared_by_seeds_and_not_read_again(shapes: Path, tmp_path: Path) -> None:
    text = f'name = "s"\n[data]\nsource = "{shapes}"\ntags = ["circle", "square", "red"]\n'
    text += "[network]\ninput_size = 64\n"
    recipe = parse_recipe(text, tmp_path / "recipe.toml")
    first, second = Workspace(tmp_path / "1"), Workspace(tmp_path / "2")
    ensure_stage("dataset", recipe, first, SilentProgress())
    other = recipe.replace(seed=2)
    share_dataset(other, second, first)
    lines = Lines()
    ensure_stage("dataset", other, second, lines)
    assert not [line for line in lines.lines if line.startswith("dataset")]
    assert second.manifest.stat().st_ino == first.manifest.stat().st_ino


@pytest.mark.slow
def test_pictures_are_shared_with_a_folder_on_another_disk(shapes: Path, tmp_path: Path) -> None:
    memory = Path("/dev/shm")  # noqa: S108 - a disk that no hard link leads to
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other disk here")
    text = f'name = "s"\n[data]\nsource = "{shapes}"\ntags = ["circle", "square", "red"]\n'
    text += "[network]\ninput_size = 64\n"
    recipe = parse_recipe(text, tmp_path / "recipe.toml")
    first = Workspace(tmp_path / "1")
    ensure_stage("dataset", recipe, first, SilentProgress())
    with scratch_folder(memory) as elsewhere:
        second = Workspace(elsewhere / "2")
        share_dataset(recipe, second, first)
        assert second.manifest.read_bytes() == first.manifest.read_bytes()


def test_pictures_of_another_recipe_are_not_shared(shapes: Path, tmp_path: Path) -> None:
    text = f'name = "s"\n[data]\nsource = "{shapes}"\ntags = ["circle", "square", "red"]\n'
    first, second = Workspace(tmp_path / "1"), Workspace(tmp_path / "2")
    small, large = (
        parse_recipe(f"{text}[network]\ninput_size = {size}\n", tmp_path / "recipe.toml")
        for size in (64, 96)
    )
    ensure_stage("dataset", small, first, SilentProgress())
    share_dataset(large, second, first)
    assert not second.dataset.exists()


def test_a_recipe_of_a_seed_differs_only_in_what_is_left_out(tmp_path: Path) -> None:
    recipe = make_run_folder(tmp_path).recipe
    other = recipe_of_seed(recipe, 7, ["int8"])
    assert other.seed == 7
    assert other.export.variants == NAMES
    assert other.validation.runtimes == ("litert",)
    assert (other.training, other.data) == (recipe.training, recipe.data)
    with pytest.raises(InputError, match="cannot be studied"):
        recipe_of_seed(recipe, 7, ["int4"])


@pytest.mark.parametrize("text", ["int8", "int8:map=1", "int8:map_drop=much", ":map_drop=1"])
def test_a_goal_that_cannot_be_read_says_how_one_is_written(text: str) -> None:
    with pytest.raises(InputError, match="FILE:MEASURE=NUMBER"):
        parse_goal(text)


def test_goals_are_the_recipes_limits_unless_others_are_given(tmp_path: Path) -> None:
    recipe = make_run_folder(tmp_path).recipe
    assert goals_of(recipe, ["int8"], ["int8:map_drop=0.2"]) == (Goal("int8", "map_drop", 0.2),)
    assert goals_of(recipe, ["int8"], []) == (Goal("int8", "map_drop", 0.9),)
    of_style, (first, second) = "int8:map_drop@test_style=0.1", recipe.validation.splits
    assert goals_of(recipe, ["int8"], [of_style, f"int8:map_drop@{first}=0.3"]) == (
        Goal("int8", "map_drop", 0.3),
        Goal("int8", "map_drop", 0.1, second),
    )
    with pytest.raises(InputError, match="not studied"):
        goals_of(recipe, ["int8"], ["fp16:map_drop=1"])
    with pytest.raises(InputError, match="--goal no: not scored; splits are test, test_style"):
        goals_of(recipe, ["int8"], ["int8:map_drop@no=1"])


@pytest.mark.slow
def test_a_goal_is_shown_only_where_the_whole_interval_is_within(compared: VariantsStudy) -> None:
    row = compared.rows[1]
    entry = row.accuracy[0].replace(map_drop=0.01, map_drop_interval=(0.005, 0.02))
    style = entry.replace(split="style", map_drop=0.05)
    row = row.replace(accuracy=(entry, style), instructions_ratio=None)
    (over_style,) = check([Goal("int8", "map_drop", 0.02, "style")], [row])
    assert (over_style.goal, over_style.reached) == ("map_drop@style", "missed")
    goals = [Goal("int8", "map_drop", limit) for limit in (0.02, 0.015, 0.009)]
    goals.append(Goal("int8", "instructions_ratio", 1))
    checked = check(goals, [row])
    assert [each.reached for each in checked] == ["shown", "met", "missed", "unknown"]
    ends = [
        compared.replace(goals=some).exit_code
        for some in (checked, checked[:3], checked[:2], (checked[0], checked[3]))
    ]
    assert ends == [1, 1, 0, 3], "what was not measured is not reached"
