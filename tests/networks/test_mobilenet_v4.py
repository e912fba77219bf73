"""MobileNetV4 computes what timm computes, with weights from a file in timm's layout."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.errors import InputError
from edgetag.recipe import NetworkSection
from tests.support.timm_weights import made_picture, made_weights

pytestmark = pytest.mark.tensorflow

SMALL, MEDIUM = "mobilenetv4_conv_small", "mobilenetv4_conv_medium"


@cache
def recorded(name: str) -> dict[str, Any]:
    """Return what `make timm` has recorded: shapes of weights, and features they give."""
    return json.loads((Path(__file__).parent / "timm" / f"{name}.json").read_text())


def weights_file(folder: Path, name: str, **changed: Any) -> Path:
    from safetensors.numpy import save_file

    file = folder / f"{name}.safetensors"
    arrays = made_weights(recorded(name)["shapes"]) | changed
    save_file({key: value for key, value in arrays.items() if value is not None}, file)
    return file


def features(model: Any) -> Any:
    from edgetag.tf import keras

    return keras.Model(model.input, model.get_layer("top_relu").output)


@pytest.mark.parametrize("name", [SMALL, MEDIUM])
def test_the_last_feature_map_is_timms(
    name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgetag.networks import build, timm_file

    ours = np.full(3, 127 / 255), np.full(3, 128 / 255)
    monkeypatch.setattr(timm_file, "SCALINGS", {"imagenet": ours})
    section = NetworkSection(name=name, input_size=64, weights=weights_file(tmp_path, name))
    model = build(section, 5)
    expected = np.array(recorded(name)["features"])
    got = features(model)(made_picture(), training=False).numpy()[0]
    assert got.shape == (2, 2, 960)
    np.testing.assert_allclose(got[..., ::40], expected, rtol=1e-4, atol=1e-4 * expected.max())
    # All that timm has but its counts of batches, its convolution behind the mean and its classes.
    held = sum(int(np.prod(shape)) for shape in recorded(name)["shapes"].values())
    left = 960 * 1280 + 4 * 1280 + 1280 * 1000 + 1000
    assert features(model).count_params() == held - left


@pytest.mark.parametrize("pixels", ["imagenet", "inception"])
def test_pixels_are_scaled_as_the_weights_know_them(pixels: Any, tmp_path: Path) -> None:
    from edgetag.networks import build
    from edgetag.networks.timm_file import SCALINGS
    from edgetag.tf import keras, tf

    file = weights_file(tmp_path, SMALL)
    model = build(NetworkSection(name=SMALL, input_size=64, weights=file, weights_pixels=pixels), 5)
    weights = made_weights(recorded(SMALL)["shapes"])
    bytes_ = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3))
    mean, std = SCALINGS[pixels]
    kernel = weights["conv_stem.weight"].transpose(2, 3, 1, 0)
    scaled = ((bytes_ / 255 - mean) / std).astype(np.float32)
    values = tf.nn.conv2d(tf.pad(scaled, [[0, 0], [1, 1], [1, 1], [0, 0]]), kernel, 2, "VALID")
    norm = [weights[f"bn1.{part}"] for part in ("running_mean", "running_var", "bias", "weight")]
    expected = tf.nn.relu(tf.nn.batch_normalization(values, *norm, 1e-5)).numpy()
    stem = keras.Model(model.input, model.get_layer("stem_relu").output)
    got = stem(((bytes_ - 127) / 128).astype(np.float32), training=False).numpy()
    np.testing.assert_allclose(got[:, 1:, 1:], expected[:, 1:, 1:], atol=1e-4)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"conv_stem.weight": None}, "conv_stem.weight: missing; the file must be timm's of"),
        (
            {"bn1.bias": np.zeros(31, np.float32)},
            r"bn1.bias: its shape is \[31\] instead of \[32\]",
        ),
        ({"bn1.bias": np.zeros(32, np.int64)}, "bn1.bias: I64 numbers; save it as float32"),
        (
            {"bn1.bias": np.full(32, np.nan, np.float32)},
            "bn1.bias: some of its numbers are not fin",
        ),
    ],
)
def test_an_array_that_is_not_timms_is_named(
    changed: dict[str, Any], said: str, tmp_path: Path
) -> None:
    from edgetag.networks.timm_file import read_timm_weights

    file = weights_file(tmp_path, SMALL, **changed)
    model = stem_alone()
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(InputError, match=said):
        read_timm_weights(model, file, {"stem": ("conv_stem", "bn1")}, "imagenet")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def stem_alone() -> Any:
    from edgetag.networks.blocks import Builder
    from edgetag.tf import keras

    image = keras.Input((64, 64, 3))
    return keras.Model(image, Builder(1e-5, 0.9).convolution(image, 32, 3, 2, "stem"))
