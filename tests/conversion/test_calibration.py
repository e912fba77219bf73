"""Ranges and biases of a quantized file, brought near to its float file by pictures."""

from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgetag.contract import Preprocessing
from edgetag.conversion.calibration.biases import correct_biases
from edgetag.conversion.calibration.calibrate import STEPS, calibrate
from edgetag.conversion.calibration.patches import Window
from edgetag.conversion.calibration.pictures import Pictures
from edgetag.conversion.calibration.ranges import best_range, free_tensors, set_ranges
from edgetag.conversion.calibration.reconstruction import round_with_feedback
from edgetag.conversion.calibration.weighted import (
    read_bias,
    weighted_layers,
    write_bias,
    write_weights,
)
from edgetag.conversion.checks import count_operators
from edgetag.conversion.flatfile import constant, pack_model, parse_model, read_model
from edgetag.conversion.layers import Layer, matched_layers
from edgetag.metrics import squared_logit_distances
from edgetag.recipe import parse_recipe
from tests.support.paths import MODELS
from tests.support.run_folders import FLOAT, INT8, noisy_pictures, score, tiny_recipe

CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0)
CALIBRATING = Pictures(noisy_pictures(24), CONTRACT)
OTHERS = Pictures(noisy_pictures(16, seed=6), CONTRACT)
STEM, CAM = 0, 1
INT16 = MODELS / "tiny_int16x8.tflite"


def opened(file: Path = INT8) -> tuple[Any, Any, tuple[Layer, ...]]:
    model, floating = read_model(file), read_model(FLOAT)
    return model, floating, matched_layers(model, floating, file)


def distance(data: bytes, folder: Path) -> float:
    """Score on LiteRT as validation does."""
    recipe = parse_recipe(tiny_recipe("calibrated"), Path("recipe.toml"))
    file = folder / "file.tflite"
    file.write_bytes(data)
    scores, reference = (score(path, OTHERS.pixels, recipe) for path in (file, FLOAT))
    return float(np.sqrt(squared_logit_distances(scores, reference).mean()))


def shifted(file: Path = INT8) -> bytes:
    """Move the biases of the maps as rounding can, by as much as nobody would overlook."""
    model, _, layers = opened(file)
    bias = weighted_layers(model, layers)[CAM].bias
    write_bias(model, bias, read_bias(model, bias) + np.array([0.4, -0.3, 0.5]))
    return pack_model(model)


def stretched() -> bytes:
    """Widen the range of the maps as one outlier among the pictures would."""
    model, _, layers = opened()
    tensor = model.subgraphs[0].tensors[weighted_layers(model, layers)[CAM].output]
    tensor.quantization.scale = [200 * float(tensor.quantization.scale[0])]
    tensor.quantization.zeroPoint = [0]
    return pack_model(model)


def swapped() -> bytes:
    """Give each map the weights of another, as no rounding would."""
    model, _, layers = opened()
    weights = weighted_layers(model, layers)[CAM].weights
    stored = constant(model, model.subgraphs[0].tensors[weights])
    assert stored is not None
    write_weights(model, weights, stored[::-1].astype(np.float64))
    return pack_model(model)


@pytest.mark.parametrize(
    ("spoiled", "step"),
    [
        (shifted(), "bias correction"),
        (stretched(), "MSE ranges"),
        (shifted(), "weight rounding"),
        (swapped(), "weight rounding"),
    ],
)
def test_what_spoils_a_file_is_mended_by_its_step(
    spoiled: bytes, step: str, tmp_path: Path
) -> None:
    mended, told = calibrate(spoiled, FLOAT.read_bytes(), CALIBRATING, OTHERS, (step,))
    before, after = distance(spoiled, tmp_path), distance(mended, tmp_path)
    assert after < before / 4
    assert told.chosen == step
    # What is told is what validation will see, but for the rounding of XNNPACK.
    assert told.logit_rmse == pytest.approx({"as converted": before, step: after}, rel=0.02)
    assert (told.images, told.other_images) == (24, 16)


def test_only_numbers_change_and_the_same_way_each_time() -> None:
    first, told = calibrate(INT8.read_bytes(), FLOAT.read_bytes(), CALIBRATING, OTHERS)
    again, _ = calibrate(INT8.read_bytes(), FLOAT.read_bytes(), CALIBRATING, OTHERS)
    assert first == again
    ranges, biases, rounding = STEPS
    cheap = {"as converted", ranges, biases, f"{ranges}, {biases}"}
    tried = [name for name in told.logit_rmse if name in cheap]  # in order: equals come in pairs
    nearest = min(tried, key=lambda name: told.logit_rmse[name])
    start = "" if nearest == "as converted" else f"{nearest}, "
    assert set(told.logit_rmse) == cheap | {f"{start}{rounding}"}
    was, now = read_model(INT8), parse_model(first, "calibrated")
    assert count_operators(now) == count_operators(was)
    assert len(first) <= len(pack_model(was))
    assert [s.signatureKey for s in now.signatureDefs] == [
        s.signatureKey for s in was.signatureDefs
    ]
    ends = (was.subgraphs[0], now.subgraphs[0])
    for before, after in zip(*(graph.tensors for graph in ends), strict=True):
        assert (before.type, before.name) == (after.type, after.name)


def test_a_file_that_no_step_brings_nearer_stays_as_it_is() -> None:
    black = Pictures(np.zeros((2, 64, 64, 3), np.uint8), CONTRACT)
    data, told = calibrate(INT8.read_bytes(), FLOAT.read_bytes(), black, OTHERS)
    assert told.chosen == "as converted"
    assert data == INT8.read_bytes()
    assert max(told.logit_rmse.values()) > 1.2 * told.logit_rmse["as converted"]


def test_layers_with_an_activation_keep_their_biases() -> None:
    model, floating, layers = opened()
    stem, cam = (read_bias(model, one.bias) for one in weighted_layers(model, layers))
    correct_biases(model, floating, layers, CALIBRATING)
    after = [read_bias(model, one.bias) for one in weighted_layers(model, layers)]
    np.testing.assert_array_equal(after[STEM], stem)
    assert (after[CAM] != cam).any()


def test_biases_of_sixteen_bit_files_are_corrected_and_their_ranges_left() -> None:
    spoiled = parse_model(shifted(INT16), "spoiled")
    model, floating, layers = opened(INT16)
    right = read_bias(model, weighted_layers(model, layers)[CAM].bias)
    outputs = [one.output for one in weighted_layers(spoiled, layers)]
    scales = [spoiled.subgraphs[0].tensors[output].quantization.scale for output in outputs]
    set_ranges(spoiled, floating, layers, CALIBRATING)
    for output, scale in zip(outputs, scales, strict=True):
        assert spoiled.subgraphs[0].tensors[output].quantization.scale == pytest.approx(scale)
    correct_biases(spoiled, floating, layers, CALIBRATING)
    mended = read_bias(spoiled, weighted_layers(spoiled, layers)[CAM].bias)
    np.testing.assert_allclose(mended, right, atol=0.03)


def test_a_bias_that_two_layers_share_gets_bytes_of_its_own() -> None:
    model, _, layers = opened()
    bias = weighted_layers(model, layers)[CAM].bias
    tensors = model.subgraphs[0].tensors
    tensors.append(copy(tensors[bias]))
    before = read_bias(model, bias)
    write_bias(model, bias, before + 1.0)
    np.testing.assert_array_equal(read_bias(model, len(tensors) - 1), before)
    np.testing.assert_allclose(read_bias(model, bias), before + 1.0, atol=0.01)


def test_a_range_that_a_pooling_ties_to_its_own_is_left() -> None:
    model, _, layers = opened()
    rescaled = {one.layer.quantized for one in weighted_layers(model, layers)}
    stem, cam = weighted_layers(model, layers)
    assert {stem.output, cam.output} <= free_tensors(model, rescaled)
    assert stem.output not in free_tensors(model, rescaled - {cam.layer.quantized})
    (mean,) = [op for op in model.subgraphs[0].operators if cam.output in op.inputs]
    code = model.operatorCodes[mean.opcodeIndex]
    code.builtinCode = code.deprecatedBuiltinCode = 17  # MAX_POOL_2D
    assert cam.output not in free_tensors(model, rescaled)


def rounding_error(values: npt.NDArray[Any], ends: tuple[float, float]) -> float:
    step = (ends[1] - ends[0]) / 255
    zero = np.rint(-128 - ends[0] / step)
    steps = (np.rint(values / step) + zero).clip(-128, 127)
    return float(np.square((steps - zero) * step - values).sum())


@pytest.mark.slow
@given(arrays(np.int64, 2048, elements=st.integers(0, 9), fill=st.just(0)), st.floats(-9, 0))
def test_the_range_that_is_chosen_rounds_no_worse_than_the_whole(
    counts: npt.NDArray[np.int64], low: float
) -> None:
    ends = best_range(counts, low, 1.0)
    width = (1.0 - low) / 2048
    values = np.repeat(low + (np.arange(2048) + 0.5) * width, counts)
    assert low <= ends[0] <= 0 < ends[1] <= 1.0
    assert rounding_error(values, ends) <= rounding_error(values, (low, 1.0)) * (1 + 1e-9)


def test_a_rare_large_value_is_cut_off() -> None:
    counts = np.zeros(2048, np.int64)
    counts[:400] = 100_000
    counts[-1] = 1
    assert best_range(counts, 0.0, 1.0)[1] < 0.5
    counts[-1] = 10_000_000
    assert best_range(counts, 0.0, 1.0)[1] > 0.9


def test_a_layer_of_which_hardly_anything_comes_leaves_a_file_that_runs() -> None:
    model, floating, layers = opened()
    stem = floating.subgraphs[0].operators[layers[STEM].floating]
    for position in stem.inputs[1:]:
        tensor = floating.subgraphs[0].tensors[position]
        values = np.asarray(constant(floating, tensor)) * np.float32(1e-9)
        floating.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
    output = weighted_layers(model, layers)[STEM].output
    scale = model.subgraphs[0].tensors[output].quantization.scale
    calibrate(INT8.read_bytes(), pack_model(floating), CALIBRATING, OTHERS, ("MSE ranges",))
    set_ranges(model, floating, layers, CALIBRATING)
    assert model.subgraphs[0].tensors[output].quantization.scale == pytest.approx(scale)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(2, 12), st.integers(1, 4))
def test_feedback_rounds_to_whole_steps_and_keeps_zeros(
    seed: int, groups: int, inputs: int, outputs: int
) -> None:
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(groups, inputs, inputs))
    given_inputs = generator.normal(size=(groups, 500, inputs)) @ mixing
    variances = given_inputs.swapaxes(1, 2) @ given_inputs / 500
    weights = generator.normal(size=(groups, inputs, outputs))
    weights[:, 0] = 0
    scales = np.abs(weights).max(axis=1) / 7  # so coarse that rounding matters
    steps = round_with_feedback(weights, variances, scales)
    assert np.array_equal(steps, np.rint(steps))
    assert np.abs(steps).max() <= 127
    assert not steps[:, 0].any()


def test_feedback_halves_what_rounding_does_to_sums_of_inputs_that_go_together() -> None:
    generator = np.random.default_rng(0)
    given_inputs = generator.normal(size=(500, 4)) @ generator.normal(size=(4, 64))
    variances = (given_inputs.T @ given_inputs / 500)[None]
    weights = generator.normal(size=(1, 64, 32))
    scales = np.abs(weights).max(axis=1) / 127
    sums = given_inputs @ weights[0]
    apart = [
        np.square(given_inputs @ (steps[0] * scales) - sums).mean()
        for steps in (
            round_with_feedback(weights, variances, scales),
            np.rint(weights / scales[:, None]),
        )
    ]
    assert apart[0] < apart[1] / 4


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (1, 2, 1), (3, 1, 2)]
)
def test_patches_are_what_a_convolution_sums(
    kernel: int, stride: int, dilation: int, same: bool
) -> None:
    from scipy.signal import correlate

    generator = np.random.default_rng(0)
    image, weights = generator.normal(size=(1, 9, 8, 1)), generator.normal(size=(kernel, kernel))
    window = Window((kernel, kernel), (stride, stride), (dilation, dilation), same)
    sums = (window.patches(image, 10_000, 0)[..., 0] * weights).sum(axis=(1, 2))
    spread = np.zeros(((kernel - 1) * dilation + 1,) * 2)
    spread[::dilation, ::dilation] = weights
    padded = image[0, :, :, 0]
    if same:  # as TensorFlow pads: as much before as behind, or one less
        reach = len(spread)
        pads = [max((-(-n // stride) - 1) * stride + reach - n, 0) for n in padded.shape]
        padded = np.pad(padded, [(n // 2, n - n // 2) for n in pads])
    expected = correlate(padded, spread, mode="valid")[::stride, ::stride]
    np.testing.assert_allclose(np.sort(sums), np.sort(expected.ravel()))
