"""Labels that look wrong are left out of training, listed, and never anything else of the data."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from edgetag.dataset import Dataset, open_dataset
from edgetag.errors import InputError
from edgetag.labels import UNKNOWN
from edgetag.recipe import NetworkSection, Recipe
from edgetag.workspace import Workspace
from tests.support.small_run import ALL, HEAD, SIZE, Lines, build_data, small_recipe

pytestmark = pytest.mark.tensorflow

TURNED = np.arange(3, 160, 13)
"""Training pictures whose first label is turned round."""


def with_turned_labels(root: Path) -> Workspace:
    """Return data in which labels of the first tag are wrong."""
    workspace = build_data(root, train=160, validation=16)
    table = pl.read_parquet(workspace.manifest)
    turned = pl.Series(np.isin(np.arange(len(table)), TURNED))
    column = pl.when(turned).then(1 - pl.col("tag:red")).otherwise("tag:red")
    table.with_columns(column.alias("tag:red")).write_parquet(workspace.manifest)
    return workspace


def pretrained(suspect_labels: str) -> Recipe:
    """Return a recipe whose network begins with weights that never saw the labels."""
    recipe = small_recipe(phases=({**HEAD},), suspect_labels=suspect_labels)
    network = NetworkSection(name="efficientnet_lite0", input_size=SIZE)
    return recipe.replace(network=network)


def left_out_rows(workspace: Workspace, tag: str) -> npt.NDArray[np.int64]:
    table = pl.read_csv(workspace.train / "left_out.csv").filter(pl.col("tag") == tag)
    names = open_dataset(workspace).manifest["identity"].to_list()
    return np.array([names.index(name) for name in table["identity"]], dtype=np.int64)


def labels_of(dataset: Dataset) -> npt.NDArray[np.int8]:
    return dataset.labels(np.arange(len(dataset.manifest), dtype=np.int64))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[str]]:
    from edgetag.training import stage

    workspace, lines = with_turned_labels(tmp_path_factory.mktemp("left_out") / "run"), Lines()
    stage.run(pretrained("leave_out"), workspace, lines)
    return workspace, lines.lines


def test_turned_labels_are_listed_with_what_heads_say(trained: tuple[Workspace, list[str]]) -> None:
    workspace, lines = trained
    table = pl.read_csv(workspace.train / "left_out.csv")
    assert table.columns == ["identity", "path", "tag", "label", "probability"]
    rows = left_out_rows(workspace, "red")
    assert np.isin(TURNED, rows).mean() >= 0.5
    assert any(line.startswith(f"{len(table)} of ") for line in lines)


def test_fine_tuning_leaves_out_what_training_did_and_no_other_label(
    trained: tuple[Workspace, list[str]],
) -> None:
    from edgetag.training.left_out import without_left_out

    workspace, _ = trained
    dataset = open_dataset(workspace)
    before, after = labels_of(dataset), labels_of(without_left_out(dataset, workspace))
    changed = before != after
    assert (after[changed] == UNKNOWN).all()
    listed = len(pl.read_csv(workspace.train / "left_out.csv"))
    assert (changed.sum(), changed[dataset.rows("validation")].any()) == (listed, False)


def test_labels_of_tags_that_look_like_numbers_stay_left_out(tmp_path: Path) -> None:
    from edgetag.training.left_out import without_left_out

    workspace = build_data(tmp_path / "run")
    table = pl.read_parquet(workspace.manifest).rename({"tag:red": "tag:2024"})
    table.write_parquet(workspace.manifest)
    workspace.train.mkdir(exist_ok=True)
    listed = f"identity,path,tag,label,probability\n{table['identity'][1]},1.png,2024,1,0.1\n"
    (workspace.train / "left_out.csv").write_text(listed)
    dataset = open_dataset(workspace)
    changed = labels_of(dataset) != labels_of(without_left_out(dataset, workspace))
    assert np.argwhere(changed).tolist() == [[1, 0]]


def test_answers_are_left_out_only_where_the_recipe_says_so(tmp_path: Path) -> None:
    from edgetag.tf import tf
    from edgetag.training.left_out import leave_out

    workspace = with_turned_labels(tmp_path / "run")
    table = pl.read_parquet(workspace.manifest)
    answered = pl.Series("answered", [["red"]] * len(table))
    table.with_columns(answered).write_parquet(workspace.manifest)
    strategy = tf.distribute.get_strategy()
    for option, some in (("leave_out", False), ("leave_out_all", True)):
        leave_out(pretrained(option), workspace, open_dataset(workspace), strategy, Lines())
        assert bool(len(left_out_rows(workspace, "red"))) == some


def test_a_training_that_learns_all_leaves_no_list_of_an_earlier_one(tmp_path: Path) -> None:
    from edgetag.training import stage

    workspace = build_data(tmp_path / "run")
    workspace.train.mkdir(exist_ok=True)
    (workspace.train / "left_out.csv").write_text("identity,path,tag,label,probability\n")
    stage.run(small_recipe(phases=({**ALL, "epochs": 1},)), workspace, Lines())
    assert not (workspace.train / "left_out.csv").exists()


def test_a_network_without_weights_to_begin_with_cannot_judge_labels(tmp_path: Path) -> None:
    from edgetag.training import stage

    recipe = small_recipe(phases=({**ALL, "epochs": 1},), suspect_labels="leave_out")
    with pytest.raises(InputError, match=r"training.suspect_labels.*network.weights"):
        stage.run(recipe, build_data(tmp_path / "run"), Lines())


@pytest.mark.parametrize("text", [None, "", "identity,path\n", "identity,tag\nnone,red\n"])
def test_a_damaged_list_of_left_out_labels_says_what_to_run(
    text: str | None, tmp_path: Path
) -> None:
    from edgetag.training.left_out import without_left_out

    workspace = build_data(tmp_path / "run")
    if text is not None:
        workspace.train.mkdir(exist_ok=True)
        (workspace.train / "left_out.csv").write_text(text)
    with pytest.raises(InputError, match=r"left_out.csv.*edgetag train"):
        without_left_out(open_dataset(workspace), workspace)


def test_training_and_fine_tuning_take_answered_pictures_as_often_as_the_recipe_says(
    tmp_path: Path,
) -> None:
    from edgetag.compression.fine_tuning import open_bench
    from edgetag.training import stage

    workspace = build_data(tmp_path / "run")
    table = pl.read_parquet(workspace.manifest)
    answered = pl.Series("answered", [["red"]] * len(table))
    table.with_columns(answered).write_parquet(workspace.manifest)
    recipe = small_recipe(phases=({**ALL, "epochs": 1},), answered_weight=0)
    for teach in (stage.run, open_bench):
        with pytest.raises(InputError, match="no picture to train on has a weight above 0"):
            teach(recipe, workspace, Lines())
