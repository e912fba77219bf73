"""Layers of a quantization-aware variant: float weights as they were trained."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgetag.arrays import write_arrays
from edgetag.conversion.flatfile import read_model
from edgetag.conversion.layers import matched_layers
from edgetag.preprocess import scale
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.rescue.float_layers import FloatGraft
from edgetag.rescue.floating import float_file
from edgetag.workspace import Workspace
from tests.support.rescue_run import RECIPE
from tests.support.run_folders import noisy_pictures, score

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

NETWORK = """
[network]
name = "mobilenet_v2"
width = 0.35
depth = 0.25
input_size = 64
"""


def test_layers_in_float_have_the_weights_that_were_trained(tmp_path: Path) -> None:
    from edgetag.compression.quantize import quantization_aware
    from edgetag.conversion.convert import convert, saved
    from edgetag.networks import build_untrained, save_weights
    from edgetag.tf import keras

    text = RECIPE.replace("[network]\ninput_size = 64\n", NETWORK)
    recipe, workspace = parse_recipe(text, tmp_path / "recipe.toml"), Workspace(tmp_path / "run")
    contract, pixels = recipe.network.preprocessing(), noisy_pictures(24)
    plain = build_untrained(recipe.network, 3, batch_norm_momentum=0.3)
    for _ in range(5):
        plain(scale(pixels, contract), training=True)  # batch norm settles on the pictures
    kernel, bias = plain.get_layer("cam").get_weights()
    logits = keras.Model(plain.input, plain.get_layer("logits").output)(scale(pixels, contract))
    plain.get_layer("cam").set_weights([kernel * 2 / np.std(logits.numpy()), bias])
    aware = quantization_aware(plain, contract, ema_decay=0.1)
    for _ in range(3):
        aware(scale(pixels, contract), training=True)
    save_weights(aware, workspace.quantize / "int8-qat.npz")
    write_arrays(workspace.train / "model.npz", {"not": np.zeros(1)})
    int8 = workspace.root / "int8-qat.tflite"
    with saved(aware) as on_disk:
        int8.write_bytes(convert(on_disk, "int8-qat", contract))

    unused: Any = SimpleNamespace(file="none", sha256="none")
    floating_file = float_file(recipe, workspace, "int8-qat", unused, SilentProgress())
    floating = read_model(floating_file)
    layers = matched_layers(read_model(int8), floating, int8)
    assert [layer.label for layer in layers[:2]] == ["stem", "block0_depthwise"]
    mixed = tmp_path / "mixed.tflite"
    wanted = score(floating_file, pixels, recipe)
    np.testing.assert_allclose(plain(scale(pixels, contract)).numpy(), wanted, atol=1e-4)

    errors = []
    for kept in (0, len(layers)):
        mixed.write_bytes(FloatGraft(read_model(int8), floating).apply(layers[:kept]))
        errors.append(float(np.abs(score(mixed, pixels, recipe) - wanted).max()))
    assert errors[1] <= 1 / 256 < errors[0]  # the output alone is still rounded

    written = floating_file.stat().st_mtime_ns
    float_file(recipe, workspace, "int8-qat", unused, SilentProgress())
    assert floating_file.stat().st_mtime_ns == written  # converted once
