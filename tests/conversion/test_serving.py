"""What TensorFlow Serving is given has both signatures, takes any batch, scores as the model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.conversion import stage
from edgetag.conversion.tables import export_tables
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing, scale
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace
from tests.support.run_folders import write_cache, write_manifest
from tests.support.tiny_network import SIZE, TAGS, build_tiny

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def saved(tiny: Any, contract: Preprocessing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edgetag.conversion.serving import write_saved_model

    folder = tmp_path_factory.mktemp("serving") / "tiny" / "1"
    (folder.parent / ".new-killed").mkdir(parents=True)
    signatures = write_saved_model(tiny, contract, folder, {"labels.txt": "cat\n"})
    assert signatures == ("serving_default", "explain")
    return folder


def test_the_file_says_what_a_server_reads(saved: Path) -> None:
    from tensorflow.core.framework import types_pb2
    from tensorflow.core.protobuf import saved_model_pb2

    assert [path.name for path in saved.parent.iterdir()] == ["1"]  # nothing half done
    model = saved_model_pb2.SavedModel.FromString((saved / "saved_model.pb").read_bytes())
    (graph,) = model.meta_graphs
    assert list(graph.meta_info_def.tags) == ["serve"]
    for name, outputs in (("serving_default", {"scores"}), ("explain", {"scores", "maps"})):
        signature = graph.signature_def[name]
        assert signature.method_name == "tensorflow/serving/predict"
        assert set(signature.outputs) == outputs
        (image,) = signature.inputs.values()
        assert list(signature.inputs) == ["image"]
        assert image.dtype == types_pb2.DT_UINT8
        assert [dim.size for dim in image.tensor_shape.dim] == [-1, SIZE, SIZE, 3]
        scores = signature.outputs["scores"]
        assert scores.dtype == types_pb2.DT_FLOAT
        assert [dim.size for dim in scores.tensor_shape.dim] == [-1, len(TAGS)]
    assert (saved / "assets.extra" / "labels.txt").read_text() == "cat\n"


def test_scores_and_maps_are_those_of_the_model(
    saved: Path, tiny: Any, contract: Preprocessing, photos: Pixels
) -> None:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(saved)).signatures
    expected = tiny(scale(photos, contract), training=False).numpy()
    explained = {k: v.numpy() for k, v in loaded["explain"](image=tf.constant(photos)).items()}
    for batch in (photos, photos[:1]):
        scores = loaded["serving_default"](image=tf.constant(batch))["scores"].numpy()
        np.testing.assert_allclose(scores, expected[: len(batch)], atol=1e-6)
    np.testing.assert_allclose(explained["scores"], expected, atol=1e-6)
    assert explained["maps"].shape == (len(photos), SIZE // 8, SIZE // 8, len(TAGS))
    means = 1 / (1 + np.exp(-explained["maps"].mean(axis=(1, 2))))
    np.testing.assert_allclose(means, expected, atol=1e-6)


def test_what_scores_otherwise_does_not_get_its_name(
    saved: Path, tiny: Any, contract: Preprocessing
) -> None:
    from edgetag.conversion.serving import check_saved_model

    both = ("serving_default", "explain")
    with pytest.raises(InputError, match="serving_default gives scores that are"):
        check_saved_model(saved, build_tiny(seed=2), contract, both)
    with pytest.raises(InputError, match="it has the signatures explain, serving_default"):
        check_saved_model(saved, tiny, contract, both[:1])
    larger = contract.replace(input_size=96)
    with pytest.raises(InputError, match="serving_default takes"):
        check_saved_model(saved, tiny, larger, both)


@pytest.mark.slow
def test_the_stage_writes_it_once_and_anew_where_it_changed(photos: Pixels, tmp_path: Path) -> None:
    """A network without maps has the one signature."""
    from edgetag.networks import build_untrained, save_weights

    tags = ("cat", "food")
    recipe = Recipe.model_validate(
        {
            "name": "small",
            "data": {"source": Path("images.csv"), "tags": tags},
            "network": {"name": "model3", "input_size": 64},
            "export": {"variants": ("fp32",), "serving": True},
            "bundle": {"variant": "fp32"},
        }
    )
    workspace = Workspace(tmp_path)
    write_manifest(workspace, ["train"] * len(photos), {tag: [1] * len(photos) for tag in tags})
    write_cache(workspace.cache, photos)
    save_weights(build_untrained(recipe.network, len(tags)), workspace.train / "model.npz")
    result = stage.run(recipe, workspace, SilentProgress())
    assert result.serving is not None
    assert result.serving.signatures == ("serving_default",)
    assert result.serving.folder == "export/serving/small/1"
    folder = tmp_path / result.serving.folder
    assert "assets.extra/labels.txt" in result.serving.files
    assert (folder / "assets.extra" / "labels.txt").read_text() == "cat\nfood\n"
    assert "For TensorFlow Serving" in [table.title for table in export_tables(result)]

    before = (folder / "saved_model.pb").stat().st_mtime_ns
    assert stage.run(recipe, workspace, SilentProgress()).serving == result.serving
    assert (folder / "saved_model.pb").stat().st_mtime_ns == before
    (folder / "saved_model.pb").write_bytes(b"damaged")
    mended = stage.run(recipe, workspace, SilentProgress()).serving
    assert mended is not None
    assert (folder / "saved_model.pb").stat().st_size > len(b"damaged")
