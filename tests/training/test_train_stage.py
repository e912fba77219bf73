"""The train stage on a small network: what it leaves, resumes from and refuses."""

from pathlib import Path

import polars as pl
import pytest

from edgetag.errors import InputError
from edgetag.training.result import EpochRecord, Thresholds, TrainResult
from edgetag.workspace import Workspace, digest_file
from tests.support.small_run import ALL, HEAD, TAGS, Lines, build_data, small_recipe

pytestmark = pytest.mark.tensorflow

PHASES = ({**HEAD}, {**ALL, "epochs": 1})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, TrainResult, list[str]]:
    from edgetag.training import stage

    workspace = build_data(tmp_path_factory.mktemp("trained") / "run")
    lines = Lines()
    recipe = small_recipe(phases=PHASES, mixed_precision=True)
    return workspace, stage.run(recipe, workspace, lines), lines.lines


def test_the_stage_leaves_what_it_names(trained: tuple[Workspace, TrainResult, list[str]]) -> None:
    from edgetag.networks import build_untrained, load_weights

    workspace, result, lines = trained
    folder = workspace.train
    text = (folder / "train.json").read_text()
    assert TrainResult.from_json(text, "train.json") == result
    assert result.weights_sha256 == digest_file(folder / "model.npz")
    history = (folder / "history.jsonl").read_text().splitlines()
    assert tuple(EpochRecord.model_validate_json(line) for line in history) == result.epochs
    assert [record.phase for record in result.epochs] == [0, 1]
    thresholds = Thresholds.from_json((folder / "thresholds.json").read_text(), "thresholds")
    assert (tuple(thresholds.thresholds), thresholds.split) == (TAGS, "validation")
    assert list((folder / "tensorboard").glob("events.*"))
    load_weights(build_untrained(small_recipe().network, len(TAGS)), folder / "model.npz")
    assert sum(line.startswith("epoch ") and "images/s" in line for line in lines) == 2


def test_validation_map_of_the_result_is_that_of_the_saved_weights(
    trained: tuple[Workspace, TrainResult, list[str]],
) -> None:
    from edgetag.dataset import open_dataset
    from edgetag.metrics import mean_average_precision
    from edgetag.networks import Scorer, build_untrained, load_weights
    from edgetag.progress import SilentProgress

    workspace, result, _ = trained
    network = small_recipe().network
    model = build_untrained(network, len(TAGS))
    load_weights(model, workspace.train / "model.npz")
    data = open_dataset(workspace)
    rows = data.rows("validation")
    scores = Scorer(model, network.preprocessing()).run(data, rows, SilentProgress())
    value = mean_average_precision(scores, data.labels(rows))
    assert value == pytest.approx(result.best_validation_map, abs=1e-6)


def test_mixed_precision_without_a_gpu_is_said_and_left(
    trained: tuple[Workspace, TrainResult, list[str]],
) -> None:
    from edgetag.tf import keras, tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    assert any("training in float32" in line for line in trained[2])
    assert keras.mixed_precision.global_policy().name == "float32"


def test_a_finished_training_is_not_repeated_when_thresholds_change(
    trained: tuple[Workspace, TrainResult, list[str]],
) -> None:
    from edgetag.training import stage

    workspace, result, _ = trained
    lines = Lines()
    fixed = {"policy": "fixed", "value": 0.65}
    recipe = small_recipe(phases=PHASES, mixed_precision=True, thresholds=fixed)
    again = stage.run(recipe, workspace, lines)
    assert again.weights_sha256 == result.weights_sha256
    assert not any(line.startswith("epoch ") for line in lines.lines)
    thresholds = Thresholds.from_json((workspace.train / "thresholds.json").read_text(), "file")
    assert set(thresholds.thresholds.values()) == {0.65}


def test_a_checkpoint_of_other_settings_or_with_damage_is_not_used(
    trained: tuple[Workspace, TrainResult, list[str]],
) -> None:
    from edgetag.dataset import open_dataset
    from edgetag.tf import tf
    from edgetag.training import stage

    workspace, _, _ = trained
    data, strategy = open_dataset(workspace), tf.distribute.get_strategy()
    same = small_recipe(phases=PHASES, mixed_precision=True)
    other = small_recipe(phases=PHASES, mixed_precision=True, label_smoothing=0.1)
    path = workspace.train / "checkpoint.npz"

    def read(recipe: object, lines: Lines) -> object:
        fingerprint = stage.training_fingerprint(recipe, workspace, data)  # type: ignore[arg-type]
        return stage.read_checkpoint(workspace, fingerprint, strategy, lines)

    lines = Lines()
    assert read(same, lines) is not None
    assert read(other, lines) is None
    assert lines.lines[-1].endswith("or by other code; training starts anew")
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: len(whole) // 2])
        assert read(same, lines) is None
        assert "damaged" in lines.lines[-1]
    finally:
        path.write_bytes(whole)


def without_label(workspace: Workspace, tag: str, value: int | None, split: str) -> None:
    table = pl.read_parquet(workspace.manifest)
    changed = pl.when(pl.col("split") == split).then(pl.lit(value, pl.Int8))
    column = changed.otherwise(pl.col(f"tag:{tag}")).alias(f"tag:{tag}")
    table.with_columns(column).write_parquet(workspace.manifest)


@pytest.mark.parametrize("value", [0, None])
def test_a_tag_without_positives_is_refused_by_name(tmp_path: Path, value: int | None) -> None:
    from edgetag.training import stage

    workspace = build_data(tmp_path / "run")
    without_label(workspace, "striped", value, "train")
    with pytest.raises(InputError, match=r"'striped'.*allow_tags_without_positives"):
        stage.run(small_recipe(), workspace, Lines())
    assert not workspace.train.exists()


def test_a_tag_without_positives_trains_if_the_recipe_says_so(tmp_path: Path) -> None:
    from edgetag.training import stage

    workspace = build_data(tmp_path / "run")
    without_label(workspace, "striped", None, "train")
    without_label(workspace, "striped", None, "validation")
    recipe = small_recipe(phases=({**HEAD},), allow_tags_without_positives=True)
    stage.run(recipe, workspace, Lines())
    thresholds = Thresholds.from_json((workspace.train / "thresholds.json").read_text(), "file")
    assert thresholds.defaulted == ("striped",)


def test_a_validation_split_that_cannot_judge_is_refused(tmp_path: Path) -> None:
    from edgetag.training import stage

    workspace = build_data(tmp_path / "run")
    for tag in TAGS:
        without_label(workspace, tag, 1, "validation")
    with pytest.raises(InputError, match="validation split"):
        stage.run(small_recipe(), workspace, Lines())


def test_a_training_that_diverges_says_what_to_lower(tmp_path: Path) -> None:
    from edgetag.training import stage

    recipe = small_recipe(phases=({**ALL, "optimizer": "sgd", "learning_rate": 1e6},))
    with pytest.raises(InputError, match=r"diverged\. Lower the learning_rate"):
        stage.run(recipe, build_data(tmp_path / "run"), Lines())
    assert not (tmp_path / "run" / "train" / "train.json").exists()


def test_data_of_another_recipe_is_refused(tmp_path: Path) -> None:
    from edgetag.training import stage

    workspace = build_data(tmp_path / "run")
    recipe = small_recipe()
    network = recipe.network.replace(input_size=96)
    with pytest.raises(InputError, match="edgetag data build"):
        stage.run(recipe.replace(network=network), workspace, Lines())


def test_the_pipelines_rate_is_measured(tmp_path: Path) -> None:
    from edgetag.training.throughput import measure

    workspace = build_data(tmp_path / "run")
    rate = measure(small_recipe(phases=({**HEAD},)), workspace, round_seconds=0.05)
    (head,) = rate.rates
    assert head.trains == "head"
    assert head.pipeline > 0
    assert head.ratio == pytest.approx(head.together / head.step)
