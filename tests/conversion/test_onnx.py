"""The float model as an ONNX file: TensorFlow's scores, any batch, the same bytes each time."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file

from edgetag.arrays import read_arrays
from edgetag.conversion import onnx_step, stage
from edgetag.conversion.result import ExportResult
from edgetag.conversion.tables import export_tables
from edgetag.desktop.job import FloatModel
from edgetag.desktop.scoring import score
from edgetag.errors import InputError
from edgetag.preprocess import Pixels
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace, digest_file
from tests.support.handmade_onnx import handmade_onnx
from tests.support.run_folders import write_cache, write_manifest

pytestmark = pytest.mark.tensorflow

TAGS = ("cat", "food", "vehicle")
QUIET = SilentProgress()
RECIPE = Recipe.model_validate(
    {
        "name": "small",
        "data": {"source": Path("images.csv"), "tags": TAGS},
        "network": {"name": "mobilenet_v2", "input_size": 64, "width": 0.35, "depth": 0.25},
        "export": {"variants": ("fp32",), "onnx": True},
        "bundle": {"variant": "fp32"},
    }
)


@pytest.fixture(scope="module")
def exported(
    photos: Pixels, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, ExportResult]:
    from edgetag.networks import build_untrained, save_weights

    workspace = Workspace(tmp_path_factory.mktemp("onnx"))
    write_manifest(workspace, ["train"] * len(photos), {tag: [1] * len(photos) for tag in TAGS})
    write_cache(workspace.cache, photos)
    model = build_untrained(RECIPE.network, len(TAGS))
    for layer in model.layers:  # statistics as training leaves them, which are folded
        if layer.name.endswith("_bn"):
            layer.set_weights([w + np.linspace(0.1, 0.5, w.size) for w in layer.get_weights()])
    save_weights(model, workspace.train / "model.npz")
    return workspace, stage.run(RECIPE, workspace, QUIET)


def test_the_onnx_file_is_described_and_checked(exported: tuple[Workspace, ExportResult]) -> None:
    workspace, result = exported
    assert result.onnx is not None
    file = workspace.root / result.onnx.file
    assert result.onnx.file == "export/float.onnx"
    assert digest_file(file) == result.onnx.sha256
    assert result.onnx.trained_sha256 == digest_file(workspace.train / "model.npz")
    assert 0 <= result.onnx.max_difference <= 1e-5
    assert set(result.onnx.made_with) == {"tensorflow", "tf-keras", "tf2onnx", "onnx"}
    assert "onnxruntime" in result.onnx.checked_with
    model = onnx.load(file)
    (image,), (scores,) = model.graph.input, model.graph.output
    shapes = [
        [dim.dim_param or dim.dim_value for dim in end.type.tensor_type.shape.dim]
        for end in (image, scores)
    ]
    assert (image.name, scores.name) == ("image", "scores")
    assert shapes == [["batch", 64, 64, 3], ["batch", len(TAGS)]]
    assert [entry.version for entry in model.opset_import if not entry.domain] == [
        result.onnx.opset
    ]
    # Batch norms are folded, and the mean of maps is one operator.
    assert set(result.onnx.operators) <= {
        *("Conv", "Clip", "Add", "Transpose", "GlobalAveragePool", "Squeeze", "Sigmoid"),
    }
    named = [weight.name for weight in model.graph.initializer]
    assert named[:3] == ["Conv_1.weight", "Conv_1.bias", "Clip_2.input1"]
    assert "The float model for desktops" in [table.title for table in export_tables(result)]


def test_weights_by_themselves_are_those_of_training(
    exported: tuple[Workspace, ExportResult],
) -> None:
    workspace, result = exported
    assert result.onnx is not None
    arrays = load_file(workspace.root / result.onnx.weights)
    trained = read_arrays(workspace.train / "model.npz")
    assert len(arrays) == len(trained)
    assert arrays["cam/kernel"].shape[-1] == len(TAGS)
    assert arrays["stem/kernel"].shape[:3] == (3, 3, 3)  # height, width, channels in
    for key, array in trained.items():
        assert np.array_equal(arrays[key[5:].removesuffix(":0")], array)


def test_the_same_weights_give_the_same_bytes_whatever_was_converted_before(
    exported: tuple[Workspace, ExportResult],
) -> None:
    from edgetag.conversion.onnx_file import convert_to_onnx
    from edgetag.networks import build_untrained, load_weights

    workspace, result = exported
    assert result.onnx is not None
    model = build_untrained(RECIPE.network, len(TAGS))
    load_weights(model, workspace.train / "model.npz")
    assert hashlib.sha256(convert_to_onnx(model)).hexdigest() == result.onnx.sha256


def test_the_onnx_file_is_made_once_and_anew_where_it_is_damaged(
    exported: tuple[Workspace, ExportResult],
) -> None:
    workspace, result = exported
    assert result.onnx is not None
    file = workspace.root / result.onnx.file
    before = file.stat().st_mtime_ns
    assert stage.run(RECIPE, workspace, QUIET).onnx == result.onnx
    assert file.stat().st_mtime_ns == before
    file.write_bytes(b"damaged")
    again = stage.run(RECIPE, workspace, QUIET).onnx
    assert again is not None
    assert digest_file(file) == again.sha256 == result.onnx.sha256


def test_a_file_with_other_scores_does_not_get_its_name(
    exported: tuple[Workspace, ExportResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgetag.conversion import onnx_file

    workspace, result = exported
    assert result.onnx is not None
    (workspace.root / result.onnx.file).unlink()
    monkeypatch.setattr(onnx_file, "convert_to_onnx", lambda _: handmade_onnx(64))
    with pytest.raises(InputError, match=r"float\.onnx: ONNX Runtime's scores are up to .* from"):
        stage.run(RECIPE, workspace, QUIET)
    assert not list(workspace.export.glob("*.onnx"))


def test_what_is_not_installed_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_step, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"export\.onnx: tf2onnx .* pip install 'edgetag\[onnx\]'"):
        stage.require(RECIPE)
    stage.require(RECIPE.replace(export=type(RECIPE.export)(variants=("fp32",))))


def test_what_onnx_runtime_cannot_open_is_one_line(photos: Pixels, tmp_path: Path) -> None:
    write_cache(tmp_path / "cache", photos)
    (tmp_path / "float.onnx").write_bytes(b"no model")
    model = FloatModel(
        engine="onnxruntime",
        file=tmp_path / "float.onnx",
        network=RECIPE.network.model_dump(mode="json"),
        tags=3,
    )
    with pytest.raises(
        InputError, match=r"float\.onnx under ONNX Runtime: it failed: .*"
    ) as refused:
        score(model, tmp_path / "cache", np.arange(2), RECIPE.network.preprocessing(), QUIET)
    assert "\n" not in str(refused.value)
