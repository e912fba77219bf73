"""Every variant against the Keras model, on both runtimes."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert.interpreter import Interpreter as LiteRT

from edgetag.conversion import checks
from edgetag.conversion.classifier import own_description
from edgetag.conversion.flatfile import operators, parse_model, read_model
from edgetag.conversion.layers import matched_layers
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.conversion.op_versions import required_runtime
from edgetag.conversion.representative import with_full_range
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing, scale
from tests.conversion.interpreters import Exported, runtimes
from tests.support.paths import ROOT
from tests.support.programs import captured
from tests.support.tiny_network import convert_model

pytestmark = pytest.mark.tensorflow


TOLERANCE = {
    "fp32": 1e-5,
    "fp16": 2e-3,
    "dynamic": 0.02,
    "int8": 0.05,
    "int8-qat": 0.05,
    "int16x8": 0.02,
}
"""Largest score difference; the quantized ones also differ between kernel families."""


def score(make: Any, data: bytes, pixels: Pixels, contract: Preprocessing) -> npt.NDArray[Any]:
    """Score `[n, size, size, 3]` pixels, which integer inputs must take as they are."""
    interpreter = make(model_content=data)
    interpreter.allocate_tensors()
    image, scores = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert list(image["shape"]) == [1, *pixels.shape[1:]]
    rows = []
    for picture in pixels:
        values = scale(picture, contract) if image["dtype"] == np.float32 else picture
        if image["dtype"] == np.int8:
            values = (picture.astype(np.int16) - 128).astype(np.int8)
        interpreter.set_tensor(image["index"], values[None])
        interpreter.invoke()
        row = interpreter.get_tensor(scores["index"])[0]
        step, zero = scores["quantization"]
        rows.append(row if row.dtype == np.float32 else (row.astype(np.float32) - zero) * step)
    return np.stack(rows)


@pytest.mark.parametrize("variant", TOLERANCE)
def test_every_variant_scores_like_its_keras_model_on_both_runtimes(
    variant: str,
    exported: Exported,
    tiny: Any,
    aware: Any,
    photos: Pixels,
    contract: Preprocessing,
) -> None:
    model = aware if variant == "int8-qat" else tiny
    expected = model(scale(photos, contract), training=False).numpy()
    assert np.ptp(expected) > 0.4
    for runtime in runtimes():
        scores = score(runtime, exported(variant).read_bytes(), photos, contract)
        np.testing.assert_allclose(scores, expected, atol=TOLERANCE[variant])


@pytest.mark.parametrize("variant", TOLERANCE)
def test_every_variant_has_a_signature_metadata_and_fits_the_target(
    variant: str, exported: Exported, info: ModelInfo
) -> None:
    path = exported(variant)
    model = read_model(path)
    for runtime in runtimes():
        signatures = runtime(model_path=str(path)).get_signature_list()
        assert signatures == {"serving_default": {"inputs": ["image"], "outputs": ["scores"]}}
    assert own_description(path)[1] == info.vocabulary.names
    assert checks.runtime_warning(model, "2.14.0", path) is None


@pytest.mark.parametrize("variant", ["int8", "int8-qat", "int16x8"])
def test_full_integer_files_touch_no_float(
    variant: str, exported: Exported, contract: Preprocessing
) -> None:
    model = read_model(exported(variant))
    checks.check_full_integer(model, variant)
    if variant != "int16x8":
        assert checks.count_float_tensors(model) == 0
        assert checks.boundary_types(model) == ("uint8", "uint8")
        checks.check_input_exact(model, contract, variant)


@pytest.mark.parametrize("variant", ["fp32", "fp16", "dynamic"])
def test_float_files_are_not_taken_for_full_integer(variant: str, exported: Exported) -> None:
    with pytest.raises(InputError, match="should be full integer"):
        checks.check_full_integer(read_model(exported(variant)), variant)


def test_input_and_output_types_are_the_recipes(
    exported: Exported, tiny: Any, photos: Pixels, contract: Preprocessing
) -> None:
    data = convert_model(
        tiny,
        "int8",
        contract,
        input_type="int8",
        output_type="float32",
        representative=with_full_range(photos),
    )
    model = parse_model(data, "int8")
    assert checks.boundary_types(model) == ("int8", "float32")
    checks.check_full_integer(model, "int8")
    assert checks.has_float_scores(model)
    assert not checks.has_float_scores(read_model(exported("fp32")))
    assert not checks.has_float_scores(read_model(exported("int8")))
    names = [op.name for op in operators(model, model.subgraphs[0])]
    assert names[-3:] == ["DEQUANTIZE", "MEAN", "LOGISTIC"]
    layers = matched_layers(model, read_model(exported("fp32")), "int8")
    assert [layer.operator for layer in layers] == 4 * ["CONV_2D"]  # no layer left to rescue behind
    checks.check_input_exact(model, contract, "int8")
    default = score(LiteRT, exported("int8").read_bytes(), photos, contract)
    np.testing.assert_allclose(score(LiteRT, data, photos, contract), default, atol=2 / 256)


def test_calibration_without_black_and_white_is_noticed(
    tiny: Any, photos: Pixels, contract: Preprocessing
) -> None:
    grey = (photos // 2 + 64).astype(np.uint8)
    model = parse_model(convert_model(tiny, "int8", contract, representative=grey), "int8")
    with pytest.raises(InputError, match="pixels are taken as they are only with"):
        checks.check_input_exact(model, contract, "int8")


def test_zeros_survive_pruning_preserving_quantization(
    photos: Pixels, contract: Preprocessing
) -> None:
    from tests.support.tiny_network import build_tiny, prune_in_place, quantize_aware

    model = build_tiny()
    prune_in_place(model, 0.6)
    kernels = [w for w in model.get_weights() if w.ndim >= 2]
    expected = 1 - sum(map(np.count_nonzero, kernels)) / sum(k.size for k in kernels)
    assert expected > 0.5
    aware = quantize_aware(model, scale(photos, contract), preserve_zeros=True)
    data = convert_model(
        aware, "int8-pruned-qat", contract, input_type="float32", output_type="int8"
    )
    pruned = parse_model(data, "pruned")
    checks.check_sparsity_kept(pruned, expected, "pruned")
    assert checks.boundary_types(pruned) == ("float32", "int8")
    checks.check_full_integer(pruned, "pruned")
    checks.check_input_exact(pruned, contract, "pruned")


def test_dense_layers_quantize_for_tflite_runtime_2_14(
    photos: Pixels, contract: Preprocessing
) -> None:
    from edgetag.tf import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    image = keras.Input((64, 64, 3), name="image")
    x = layers.MaxPooling2D(8)(layers.Conv2D(8, 3, activation="relu")(image))
    x = layers.Dense(32, activation="relu")(layers.Flatten()(x))
    model = keras.Model(image, layers.Dense(5, activation="sigmoid")(x), name="dense")
    expected = model(scale(photos, contract)).numpy()
    for variant in ("dynamic", "int8"):
        data = convert_model(model, variant, contract, representative=with_full_range(photos))
        assert checks.runtime_warning(parse_model(data, variant), "2.14.0", variant) is None
        for runtime in runtimes():
            np.testing.assert_allclose(score(runtime, data, photos, contract), expected, atol=0.05)


def test_the_dense_layer_trap_is_still_there(photos: Pixels, contract: Preprocessing) -> None:
    """Per-channel dense weights still need 2.17; if this fails, the workaround can go."""
    from edgetag.tf import keras, quiet_stderr, tf

    image = keras.Input((8, 8, 3))
    x = keras.layers.Dense(64)(keras.layers.Flatten()(image))
    with quiet_stderr():
        converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(image, x))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        model = parse_model(converter.convert(), "dense")
    assert required_runtime(model) == "2.17.0"
    warning = checks.runtime_warning(model, "2.14.0", "dense")
    assert warning is not None
    assert "FULLY_CONNECTED version 12 (2.17.0)" in warning


def test_converting_twice_gives_identical_bytes(
    exported: Exported, aware: Any, contract: Preprocessing, info: ModelInfo
) -> None:
    again = attach(convert_model(aware, "int8-qat", contract), info)
    assert again == exported("int8-qat").read_bytes()


@pytest.mark.slow
def test_another_process_gives_identical_bytes_and_prints_nothing(
    exported: Exported, tmp_path: Path, photos: Pixels
) -> None:
    np.save(tmp_path / "photos.npy", photos)
    code = """
import sys
import numpy as np
from pathlib import Path
from tests.support.tiny_network import build_tiny, convert_model, TAGS, SIZE
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.conversion.representative import with_full_range
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary
contract = Preprocessing(input_size=SIZE)
tags = Vocabulary(TAGS)
info = ModelInfo("tiny", "A network for tests.", "edgetag", "Apache-2.0", tags, contract)
folder, model = Path(sys.argv[1]), build_tiny()
images = with_full_range(np.load(folder / "photos.npy"))
for variant in ("int8", "fp32"):
    data = convert_model(model, variant, contract, representative=images)
    (folder / f"{variant}.tflite").write_bytes(attach(data, info))
"""
    done = captured(
        [sys.executable, "-c", code, str(tmp_path)],
        timeout=200,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for variant in ("int8", "fp32"):
        assert (tmp_path / f"{variant}.tflite").read_bytes() == exported(variant).read_bytes()


def test_a_network_that_cannot_be_converted_gets_one_message(
    contract: Preprocessing, capfd: pytest.CaptureFixture[str]
) -> None:
    from edgetag.tf import keras, tf

    image = keras.Input((64, 64, 3), name="image")
    spectrum = keras.layers.Lambda(lambda x: tf.math.igamma(x, x))(image)
    scores = keras.layers.GlobalAveragePooling2D()(spectrum)
    with pytest.raises(InputError, match="export of fp32: TensorFlow Lite cannot convert odd"):
        convert_model(keras.Model(image, scores, name="odd"), "fp32", contract)
    assert capfd.readouterr() == ("", "")
