"""A network learns from those of other runs, without labels."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from edgetag.dataset import Dataset
from edgetag.dataset.unlabelled import UNLABELLED, place_of
from edgetag.errors import InputError
from edgetag.preprocess import scale
from edgetag.progress import SilentProgress
from edgetag.recipe import AugmentSection, Recipe, load_recipe, resolved_recipe
from edgetag.training.inputs import inputs_fingerprint
from edgetag.training.result import Thresholds
from edgetag.training.taught import teacher_runs
from edgetag.workspace import RunFile, Workspace, digest_file
from edgetag.writing import write_text
from tests.support.listening import Listening
from tests.support.run_folders import write_cache, write_manifest
from tests.support.small_run import CONTRACT, TAGS, build_data, draw, tiny

NETWORK: dict[str, Any] = {
    "name": "mobilenet_v2",
    "width": 0.35,
    "depth": 0.25,
    "input_size": 64,
    "dropout": 0.0,
}


def recipe_of(folder: Path, teacher: str, **network: Any) -> Recipe:
    """Write and read a recipe for the data of `build_data`."""
    values = NETWORK | network
    lines = [f"{key} = {value!r}" for key, value in values.items()]
    text = f"""name = "small"
[data]
source = "labels.csv"
tags = {list(TAGS)}
[network]
{chr(10).join(lines)}
[training]
batch_size = 4
deterministic = true
allow_tags_without_positives = true
phases = [{{ epochs = 1, learning_rate = 0.01 }}]
{teacher}
"""
    file = folder / "recipe.toml"
    file.write_text(text)
    return load_recipe(file)


def write_teacher(folder: Path, seed: int, **network: Any) -> Workspace:
    """Leave a run whose network tells pictures apart, with weights of no training."""
    from edgetag.networks import CAM, build_untrained, save_weights

    folder.mkdir()
    recipe = recipe_of(folder, "", **network)
    model = build_untrained(recipe.network, len(TAGS), seed)
    kernel, bias = model.get_layer(CAM).get_weights()
    model.get_layer(CAM).set_weights([40 * kernel, bias + 1])
    workspace = Workspace(folder)
    save_weights(model, workspace.train / "model.npz")
    values = recipe.model_dump(mode="json")
    file = RunFile(name=recipe.name, recipe=values, seed=1, versions={})
    file.write(workspace.run_file)
    write_thresholds(workspace)
    return workspace


def write_thresholds(workspace: Workspace, tags: tuple[str, ...] = TAGS) -> None:
    thresholds = dict.fromkeys(tags, 0.5)
    kept = Thresholds(policy="fixed", split="validation", thresholds=thresholds)
    kept.write(workspace.train / "thresholds.json")


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the runs `first`, `second`, and `larger`, whose input is larger."""
    folder = tmp_path_factory.mktemp("teachers")
    write_teacher(folder / "first", 1)
    write_teacher(folder / "second", 2)
    write_teacher(folder / "larger", 3, input_size=96)
    return folder


def picture(seed: int) -> Any:
    """Draw one of no label."""
    generator = np.random.default_rng(1000 + seed)
    return draw(generator, generator.integers(0, 2, 3))


def logits_of(scores: Any) -> Any:
    return np.log(scores) - np.log1p(-scores)


@pytest.mark.tensorflow
def test_a_student_comes_near_its_teacher_without_labels(dataset: Dataset) -> None:
    from edgetag.tf import keras
    from edgetag.training.fitting import End, FitSettings, fit
    from edgetag.training.losses import LossSettings
    from edgetag.training.teachers import label_divergence

    rows, student, other = dataset.rows("train"), tiny(1), tiny(2)
    teacher = keras.Model(other.input, 20 * other.layers[-1].input)
    images = scale(dataset.images(rows), CONTRACT)
    wanted, ends = teacher(images), [End(student.layers[-1].input, label_divergence, 1.0)]

    def distance() -> float:
        given = logits_of(student(images).numpy())
        return float(np.square(given - wanted).mean())

    before = distance()
    no_labels = Dataset(
        dataset.manifest.with_columns(pl.lit(None, pl.Int8).alias(f"tag:{tag}") for tag in TAGS),
        dataset.vocabulary,
        dataset.cache,
    )
    settings = FitSettings(
        epochs=40,
        learning_rate=0.05,
        batch_size=8,
        augment=AugmentSection(flip=False, crop=0.0, color=0.0),
        loss=LossSettings(distillation=1.0),
    )
    progress = SilentProgress()
    fit(student, no_labels, rows, CONTRACT, settings, progress, teacher=teacher, ends=ends)
    assert distance() < before / 4


@pytest.mark.slow
@pytest.mark.tensorflow
def test_where_a_teacher_alone_counts_any_labels_leave_the_same_weights(
    teachers: Path, tmp_path: Path
) -> None:
    from edgetag.training import stage

    text = '[teacher]\nruns = ["first"]\nweight = 1.0\npictures = "more"'
    recipe = recipe_of(teachers, text)
    digests = []
    for label in (None, 1):
        workspace = build_data(tmp_path / f"{label}", 12, 16)
        splits = ["train"] * 12 + ["validation"] * 16
        labels: list[int | None] = [label] * 12 + [0, 1] * 8
        write_manifest(workspace, splits, dict.fromkeys(TAGS, labels))
        more = place_of(workspace)
        write_cache(more.cache, np.stack([picture(number) for number in range(12)]))
        names = [f"more {number}" for number in range(12)]
        none = dict.fromkeys(TAGS, [None] * 12)
        write_manifest(more, [UNLABELLED] * 12, none, identities=names)
        digests.append(stage.run(recipe, workspace, counting := Listening()).weights_sha256)
        assert counting.tasks["training phase 1 of 1 (all), epoch 1"] == 12 + 12
    assert digests[0] == digests[1]


@pytest.mark.tensorflow
def test_several_teach_the_mean_of_their_logits_and_maps_where_these_have_one_size(
    teachers: Path,
) -> None:
    from edgetag.networks import build_untrained, load_weights
    from edgetag.training.teachers import open_teacher

    recipe = recipe_of(teachers, '[teacher]\nruns = ["first", "second"]')
    teacher, student = open_teacher(recipe, "train"), build_untrained(recipe.network, len(TAGS))
    assert teacher is not None
    ends, model = teacher.ends_of(student)
    assert [end.weight for end in ends] == [1.0, recipe.teacher.map_weight]
    images = np.random.default_rng(0).normal(size=(3, 64, 64, 3)).astype(np.float32)
    logits, maps = model(images)
    wanted = np.zeros((3, len(TAGS)))
    for name in ("first", "second"):
        alone = build_untrained(recipe.network, len(TAGS))
        load_weights(alone, teachers / name / "train" / "model.npz")
        wanted += logits_of(alone(images).numpy()) / 2
    np.testing.assert_allclose(logits, wanted, atol=1e-3)
    np.testing.assert_allclose(np.mean(maps, axis=(1, 2)), wanted, atol=1e-3)

    larger = open_teacher(recipe_of(teachers, '[teacher]\nruns = ["larger"]'), "train")
    assert larger is not None
    ends, model = larger.ends_of(student)
    assert len(ends) == 1
    assert model(images).shape == (3, len(TAGS))


@pytest.mark.tensorflow
def test_labels_diverge_each_for_itself_and_not_at_all_where_answers_are_equal() -> None:
    from scipy.stats import entropy

    from edgetag.training.teachers import label_divergence

    generator = np.random.default_rng(0)
    wanted, given = generator.normal(0, 3, (2, 5, 4)).astype(np.float32)
    first, second = (1 / (1 + np.exp(-each.astype(np.float64))) for each in (wanted, given))
    pairs = entropy(np.stack([first, 1 - first]), np.stack([second, 1 - second]))
    np.testing.assert_allclose(label_divergence(wanted, given), pairs.mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(label_divergence(wanted, wanted), 0, atol=1e-6)


@pytest.mark.tensorflow
def test_another_teacher_is_another_training_and_where_it_lies_is_none(
    teachers: Path, tmp_path: Path
) -> None:
    first = recipe_of(teachers, '[teacher]\nruns = ["first"]')
    assert first.teacher.runs == (teachers / "first",)
    assert resolved_recipe(first.model_dump(mode="json"), Path("run.json")) == first
    digest = digest_file(teachers / "first" / "train" / "model.npz")
    assert inputs_fingerprint(first) == digest
    linked = tmp_path / "linked"
    linked.symlink_to(teachers)
    assert recipe_of(tmp_path, '[teacher]\nruns = ["linked/first"]').digest() == first.digest()
    assert inputs_fingerprint(recipe_of(teachers, '[teacher]\nruns = ["second"]')) != digest
    only = recipe_of(teachers, '[teacher]\nruns = ["first"]\nteaches = ["narrow"]')
    assert (inputs_fingerprint(only), inputs_fingerprint(only, "narrow")) == ("", digest)


@pytest.mark.tensorflow
def test_a_teacher_that_cannot_teach_is_refused_with_the_reason(
    teachers: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"nobody: no run folder with a trained network; run: edg"):
        teacher_runs(recipe_of(tmp_path, '[teacher]\nruns = ["nobody"]'), "train")
    file = teachers / "first" / "run.json"
    others = Workspace(tmp_path / "others")
    write_text(others.run_file, file.read_text().replace('"striped"', '"dotted"'))
    write_text(others.train / "model.npz", "never read")
    recipe = recipe_of(tmp_path, '[teacher]\nruns = ["others"]')
    with pytest.raises(InputError, match=r"other tags: it lacks striped and it knows dotted"):
        teacher_runs(recipe, "train")
    turned = json.loads(file.read_text())
    turned["recipe"]["data"]["tags"].reverse()
    write_text(others.run_file, json.dumps(turned))
    with pytest.raises(InputError, match=r"it has them in another order"):
        teacher_runs(recipe, "train")
    write_text(others.run_file, file.read_text())
    write_thresholds(others, ("dotted", *TAGS[1:]))
    with pytest.raises(InputError, match=r"but its network was trained on dotted, .*; run: edget"):
        teacher_runs(recipe, "train")
    (others.train / "thresholds.json").unlink()
    with pytest.raises(InputError, match=r"thresholds.json: missing; run: edgetag train"):
        teacher_runs(recipe, "train")
    with pytest.raises(InputError, match=r"pictures have no labels, so only a teacher says"):
        recipe_of(tmp_path, '[teacher]\npictures = "more"')
    with pytest.raises(InputError, match=r"runs lists one twice"):
        recipe_of(tmp_path, '[teacher]\nruns = ["a", "./a"]')
