"""Reference scores under TensorFlow, over a real small network and the real exporter's weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.dataset import open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.validation import stage
from edgetag.validation.desktop_reference import Asked, make_reference
from edgetag.validation.result import Verdict
from edgetag.validation.scores import read_reference, write_reference
from edgetag.workspace import digest_file
from tests.support.run_folders import give_maps
from tests.support.tiny_run import KNOWN, TEST, RunFolder

pytestmark = pytest.mark.tensorflow
QUIET = SilentProgress()
NETWORK: dict[str, Any] = {"name": "mobilenet_v2", "input_size": 64, "width": 0.35, "depth": 0.25}


def give_weights(folder: RunFolder) -> Recipe:
    """Put weights of a network into a run folder, and return the recipe that they are of."""
    from edgetag import networks

    network = type(folder.recipe.network)(**NETWORK)
    section = folder.recipe.validation.replace(runtimes=("litert",))
    networks.save_weights(networks.build(network, 3), folder.workspace.train / "model.npz")
    return folder.recipe.replace(network=network, validation=section)


@pytest.fixture
def trained(run_folder: RunFolder) -> Recipe:
    """A recipe whose weights really are in the run folder."""
    return give_weights(run_folder)


@pytest.fixture(scope="module")
def first_validation(
    scored_folder: RunFolder, tmp_path_factory: pytest.TempPathFactory
) -> RunFolder:
    """A run folder in which TensorFlow has computed the reference, and its recipe."""
    folder = scored_folder.unjudged(tmp_path_factory.mktemp("first") / "run")
    folder = replace(folder, recipe=give_weights(folder))
    stage.run(folder.recipe, folder.workspace, QUIET)
    return folder


@pytest.fixture
def validated(first_validation: RunFolder, tmp_path: Path) -> RunFolder:
    return first_validation.copy(tmp_path / "validated")


def test_reference_scores_are_computed_once_and_name_their_making(validated: RunFolder) -> None:
    workspace = validated.workspace
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    assert verdict.reference.engine == "TensorFlow"
    assert verdict.reference.versions["tensorflow"].startswith("2.")
    assert verdict.reference.device
    ran = verdict.reference.accelerator
    assert ran is not None
    assert ran.requested == "gpu", "a GPU is taken where there is one"
    assert ran.reason == ("" if ran.used == "gpu" else "TensorFlow sees no GPU")
    assert verdict.reference.weights_sha256 == digest_file(workspace.train / "model.npz")
    kept = workspace.validate / "reference.npz"
    stored = read_reference(kept)
    assert stored.scores.shape == (len(validated.reference), 3)
    assert stored.meta.thresholds == validated.thresholds
    assert (stored.meta.precision, stored.meta.tf32, stored.meta.batch) == ("float32", False, 64)
    assert stored.identities[:2] == ("id0", "id1")
    assert set(stored.split) == {"test", "test_style", "validation"}
    assert stored.known is not None
    assert np.array_equal(stored.known.labels, validated.labels[list(KNOWN)])
    assert stored.meta.fp32_size_bytes == (workspace.export / "fp32.tflite").stat().st_size
    written = kept.stat().st_mtime_ns
    stage.run(validated.recipe, workspace, QUIET)
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(kept.read_bytes()[: TEST * 4])
    stage.run(validated.recipe, workspace, QUIET)
    again = read_reference(kept)
    assert np.allclose(again.scores, stored.scores, atol=1e-6)


def test_a_kept_reference_without_pictures_to_fit_thresholds_on_is_computed_again(
    validated: RunFolder,
) -> None:
    kept = validated.workspace.validate / "reference.npz"
    whole = read_reference(kept)
    judged = [place for place, split in enumerate(whole.split) if split != "validation"]
    older = replace(
        whole,
        scores=whole.scores[judged],
        identities=tuple(whole.identities[place] for place in judged),
        split=tuple(whole.split[place] for place in judged),
        known=None,
    )
    write_reference(kept, older)
    stage.run(validated.recipe, validated.workspace, QUIET)
    again = read_reference(kept)
    assert again.identities == whole.identities
    np.testing.assert_allclose(again.scores, whole.scores, atol=1e-6)


def test_without_weights_the_reference_cannot_be_computed(
    run_folder: RunFolder, trained: Recipe
) -> None:
    (run_folder.workspace.train / "model.npz").unlink()
    with pytest.raises(InputError, match=r"model\.npz: missing"):
        stage.run(trained, run_folder.workspace, QUIET)
    assert not Path(run_folder.workspace.validate / "verdict.json").exists()


def test_maps_of_the_reference_are_those_behind_its_scores(
    run_folder: RunFolder, trained: Recipe
) -> None:
    import tensorflow as tf

    from edgetag.validation import reference

    dataset = open_dataset(run_folder.workspace)
    rows = np.arange(10)
    allowed = tf.config.experimental.tensor_float_32_execution_enabled()
    found = reference.compute(trained, run_folder.workspace, dataset, rows, QUIET, rows[::3])
    assert tf.config.experimental.tensor_float_32_execution_enabled() is allowed
    assert found.maps is not None
    assert found.maps.maps.shape == (4, 2, 2, 3)
    assert found.maps.identities == ("id0", "id3", "id6", "id9")
    mean = found.maps.maps.mean(axis=(1, 2))
    np.testing.assert_allclose(1 / (1 + np.exp(-mean)), found.scores[::3], atol=1e-5)
    kept = run_folder.workspace.validate / "reference.npz"
    write_reference(kept, found)
    names = dataset.vocabulary.names
    again = read_reference(kept).matched_maps(("id9", "id0"), names[::-1])
    assert again is not None
    assert np.array_equal(again, found.maps.maps[[3, 0]][..., ::-1])
    assert read_reference(kept).matched_maps(("id1",), names) is None


def test_a_kept_reference_is_computed_again_where_maps_are_wanted(validated: RunFolder) -> None:
    kept = validated.workspace.validate / "reference.npz"
    assert read_reference(kept).maps is None
    give_maps(validated.workspace, "int8")
    verdict = stage.run(validated.recipe, validated.workspace, QUIET)
    maps = read_reference(kept).maps
    assert maps is not None
    assert len(maps.identities) == TEST
    # The tiny file is of another network, and its maps have other cells.
    (failure,) = [f for f in verdict.failures if f.variant == "int8"]
    assert "its maps are [16, 16, 3], the float model's [2, 2, 3]" in failure.reason
    assert verdict.decisions["int8"] == "fail"


def test_a_kept_reference_is_computed_again_by_another_tensorflow(validated: RunFolder) -> None:
    kept = validated.workspace.validate / "reference.npz"
    stored = read_reference(kept)
    assert stored.meta.made_with == dependencies_of("edgetag.validation.reference").digest
    elsewhere = stored.meta.replace(made_with="of TensorFlow 2.19")
    write_reference(kept, replace(stored, meta=elsewhere))
    stage.run(validated.recipe, validated.workspace, QUIET)
    assert read_reference(kept).meta == stored.meta


def test_a_gpu_that_tensorflow_does_not_see_is_refused(
    run_folder: RunFolder, trained: Recipe
) -> None:
    with pytest.raises(InputError, match="cuda:99 was asked for, but of GPUs the engine sees"):
        make_reference(trained, run_folder.workspace, QUIET, Asked("tensorflow", "cuda:99"))
