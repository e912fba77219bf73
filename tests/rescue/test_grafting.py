"""Files with exchanged layers: what is kept is float, what is not stays as it was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.checks import boundary_types, count_operators
from edgetag.conversion.flatfile import constant, ints, operators, pack_model, read_model
from edgetag.conversion.float_scores import with_float_scores
from edgetag.conversion.layers import Layer, label, matched_layers
from edgetag.errors import InputError
from edgetag.preprocess import Pixels
from edgetag.recipe import Recipe, parse_recipe
from edgetag.rescue.float_layers import FloatGraft
from edgetag.rescue.grafting import Graft
from edgetag.rescue.int16_layers import Int16Graft
from tests.support.paths import MODELS
from tests.support.rescue_run import RECIPE
from tests.support.run_folders import FLOAT, INT8, noisy_pictures, score

GRAFTS: tuple[type[Graft], ...] = (FloatGraft, Int16Graft)


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    return noisy_pictures(40)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return parse_recipe(RECIPE, Path("recipe.toml"))


@pytest.fixture(scope="module")
def layers() -> tuple[Layer, ...]:
    return matched_layers(read_model(INT8), read_model(FLOAT), INT8)


def grafted(kind: type[Graft], kept: Sequence[Layer], folder: Path, file: Path = INT8) -> Path:
    path = folder / "mixed.tflite"
    path.write_bytes(kind(read_model(file), read_model(FLOAT)).apply(kept))
    return path


def test_layers_are_named_as_in_the_network(layers: tuple[Layer, ...]) -> None:
    assert [layer.operator for layer in layers] == ["CONV_2D", "CONV_2D", "MEAN", "LOGISTIC"]
    assert [layer.label for layer in layers[:3]] == ["stem", "cam", "pool"]
    fused = "net/stem_relu/Relu6;net/stem_bn/FusedBatchNormV3;net/stem/Conv2D"
    assert label(fused) == "stem"
    assert label("scores") == "scores"


@pytest.mark.parametrize("kind", GRAFTS)
def test_nothing_kept_changes_no_score(
    kind: type[Graft], tmp_path: Path, pixels: Pixels, recipe: Recipe
) -> None:
    file = grafted(kind, (), tmp_path)
    np.testing.assert_array_equal(score(file, pixels, recipe), score(INT8, pixels, recipe))


def test_all_in_float_gives_the_float_scores_in_steps_of_the_output(
    tmp_path: Path, pixels: Pixels, recipe: Recipe, layers: tuple[Layer, ...]
) -> None:
    file = grafted(FloatGraft, layers, tmp_path)
    difference = np.abs(score(file, pixels, recipe) - score(FLOAT, pixels, recipe))
    assert difference.max() <= 1 / 256
    assert boundary_types(read_model(file)) == boundary_types(read_model(INT8))


@pytest.mark.parametrize("kind", GRAFTS)
def test_any_choice_of_layers_runs_and_is_no_worse_than_none(
    kind: type[Graft], tmp_path: Path, pixels: Pixels, recipe: Recipe, layers: tuple[Layer, ...]
) -> None:
    floating = score(FLOAT, pixels, recipe)
    before = np.abs(score(INT8, pixels, recipe) - floating).mean()
    for kept in range(1, 2 ** len(layers)):
        chosen = [layer for i, layer in enumerate(layers) if kept >> i & 1]
        scores = score(grafted(kind, chosen, tmp_path), pixels, recipe)
        # One step of the output may be rounded otherwise.
        assert np.abs(scores - floating).mean() <= before + 1 / 256


def test_layers_before_scores_in_float_can_be_kept(
    tmp_path: Path, pixels: Pixels, recipe: Recipe
) -> None:
    file = tmp_path / "scores.tflite"
    file.write_bytes(with_float_scores(giving_floats(INT8)))
    layers = matched_layers(read_model(file), read_model(FLOAT), file)
    assert [layer.operator for layer in layers] == ["CONV_2D", "CONV_2D"]
    floating = score(FLOAT, pixels, recipe)
    all_float = score(grafted(FloatGraft, layers, tmp_path, file), pixels, recipe)
    np.testing.assert_allclose(all_float, floating, atol=1e-5)  # no step is left at the end
    for kind in GRAFTS:
        for kept in layers:
            scores = score(grafted(kind, [kept], tmp_path, file), pixels, recipe)
            np.testing.assert_allclose(scores, floating, atol=0.02)


def giving_floats(file: Path) -> bytes:
    """Cast a file's scores to float32 at the end, as the converter does where it is asked to."""
    model = read_model(file)
    graph, code = model.subgraphs[0], schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = 2
    model.operatorCodes.append(code)
    graph.operators[-1].opcodeIndex = len(model.operatorCodes) - 1
    scores = graph.tensors[ints(graph.outputs)[0]]
    scores.type, scores.quantization = schema.TensorType.FLOAT32, None
    return pack_model(model)


def test_layers_that_are_not_kept_have_the_same_weights(
    tmp_path: Path, layers: tuple[Layer, ...]
) -> None:
    stem = layers[0]
    mixed, original = read_model(grafted(FloatGraft, [stem], tmp_path)), read_model(INT8)

    def weights(model: object, operator: int) -> npt.NDArray[Any]:
        convolutions = [
            op
            for op in operators(model, model.subgraphs[0])  # type: ignore[attr-defined]
            if op.name == "CONV_2D"
        ]
        position = convolutions[operator].inputs[1]
        found = constant(model, model.subgraphs[0].tensors[position])  # type: ignore[attr-defined]
        assert found is not None
        return found

    np.testing.assert_array_equal(weights(mixed, 1), weights(original, 1))
    np.testing.assert_array_equal(weights(mixed, 0), weights(read_model(FLOAT), 0))


def test_neighbours_in_float_need_no_casts_between_them(
    tmp_path: Path, layers: tuple[Layer, ...]
) -> None:
    apart = count_operators(read_model(grafted(FloatGraft, [layers[0], layers[2]], tmp_path)))
    beside = count_operators(read_model(grafted(FloatGraft, layers[:3], tmp_path)))
    assert apart["DEQUANTIZE"] == 2
    assert beside["DEQUANTIZE"] == 1
    assert apart["QUANTIZE"] == beside["QUANTIZE"] + 1


@pytest.mark.parametrize("kind", GRAFTS)
def test_exchanged_weights_do_not_stay_in_the_file(
    kind: type[Graft], tmp_path: Path, layers: tuple[Layer, ...]
) -> None:
    model = read_model(grafted(kind, layers, tmp_path))
    graph = model.subgraphs[0]
    used = {i for op in operators(model, graph) for i in (*op.inputs, *op.outputs)}
    assert used | set(ints(graph.inputs)) == set(range(len(graph.tensors)))
    held = {tensor.buffer for tensor in graph.tensors}
    held |= {entry.buffer for entry in model.metadata or []}
    stored = {i for i, b in enumerate(model.buffers) if b.data is not None and len(b.data)}
    assert stored <= held
    names = [tensor.name for tensor in graph.tensors]
    assert len(set(names)) == len(names)


def test_an_int16_file_can_keep_layers_in_float(
    tmp_path: Path, pixels: Pixels, recipe: Recipe
) -> None:
    int16x8 = MODELS / "tiny_int16x8.tflite"
    layers = matched_layers(read_model(int16x8), read_model(FLOAT), int16x8)
    file = grafted(FloatGraft, layers[:2], tmp_path, int16x8)
    model = read_model(file)
    assert count_operators(model)["DEQUANTIZE"] == 1
    assert boundary_types(model) == ("int16", "int16")


def test_the_same_choice_gives_the_same_bytes(tmp_path: Path, layers: tuple[Layer, ...]) -> None:
    first = grafted(FloatGraft, layers[:2], tmp_path).read_bytes()
    assert grafted(FloatGraft, layers[:2], tmp_path).read_bytes() == first


def test_files_of_different_networks_are_refused() -> None:
    other = read_model(FLOAT)
    other.subgraphs[0].operators = other.subgraphs[0].operators[:-1]
    with pytest.raises(InputError, match=r"its 4 operators are not those of the float network"):
        matched_layers(read_model(INT8), other, INT8)


def test_operators_without_16_bits_are_refused(layers: tuple[Layer, ...], tmp_path: Path) -> None:
    model = read_model(INT8)
    code = model.operatorCodes[model.subgraphs[0].operators[layers[2].quantized].opcodeIndex]
    # Another operator in the place of MEAN.
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.L2_NORMALIZATION
    path = tmp_path / "other.tflite"
    path.write_bytes(pack_model(model))
    with pytest.raises(
        InputError, match=r"L2_NORMALIZATION cannot compute on int16 here; use: --keep"
    ):
        Int16Graft(read_model(path), read_model(FLOAT)).apply([layers[2]])
