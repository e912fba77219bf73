"""Static checks on files written by hand. No TensorFlow here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgetag.arrays import write_arrays
from edgetag.conversion import checks
from edgetag.conversion.flatfile import Operator
from edgetag.conversion.op_versions import first_runtime, parse_version, required_runtime
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from tests.support.handmade_model import handmade_model


def test_a_float_file_is_not_full_integer() -> None:
    with pytest.raises(InputError, match=r"(?s)float tensors are left.*CONV_2D, LOGISTIC, MEAN"):
        checks.check_full_integer(handmade_model(), "model.tflite")


def test_floats_are_scores_only_behind_the_last_weights() -> None:
    model = handmade_model()
    graph = model.subgraphs[0]
    image, kernel, bias, axes, maps, logits, _ = range(len(graph.tensors))
    for place in (image, kernel, bias, maps):
        graph.tensors[place].type = schema.TensorType.INT8
    checks.check_full_integer(model, "model.tflite")
    convolution, mean, logistic = graph.operators
    mean.inputs, logistic.inputs = [image, axes], [logits]
    graph.operators, graph.outputs = [mean, logistic, convolution], [maps]
    with pytest.raises(InputError, match=r"2 float tensors.*LOGISTIC, MEAN"):
        checks.check_full_integer(model, "model.tflite")


def test_sparsity_counts_the_zeros_of_the_kernels() -> None:
    assert checks.sparsity(handmade_model()) == pytest.approx(9 / 15)


def test_a_stored_zero_is_the_zero_point() -> None:
    model = handmade_model()
    graph = model.subgraphs[0]
    kernel = graph.tensors[1]
    kernel.type = schema.TensorType.UINT8
    kernel.quantization = schema.QuantizationParametersT()
    kernel.quantization.zeroPoint = [7]
    model.buffers[kernel.buffer].data = [7] * 5 + [0] * 10
    assert checks.sparsity(model) == pytest.approx(5 / 15)


def test_lost_zeros_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    kernel = np.array([[0, 0, 0, 1.0], [0, 0, 2, 3]], dtype=np.float32)
    write_arrays(path, {"0000:kernel": kernel, "0001:bias": np.zeros(4, np.float32)})
    assert checks.stored_sparsity(path) == pytest.approx(5 / 8)
    checks.check_sparsity_kept(handmade_model(), 0.6, "model.tflite")
    with pytest.raises(InputError, match=r"60.0% of the weights are zero, but 62.5%"):
        checks.check_sparsity_kept(handmade_model(), 5 / 8, "model.tflite")


def test_a_newer_operator_version_than_the_target_has_is_named() -> None:
    model = handmade_model()
    assert required_runtime(model) == "1.14.0"  # LOGISTIC
    assert checks.runtime_warning(model, "2.14.0", "model.tflite") is None
    model.operatorCodes[0].version = 8
    assert checks.runtime_warning(model, "2.14.0", "model.tflite") == (
        "model.tflite: needs TensorFlow Lite 2.15.0, but export.target_runtime is 2.14.0; "
        "newer there: CONV_2D version 8 (2.15.0)"
    )


def test_16_bit_activations_need_2_4_whatever_the_operators_say() -> None:
    model = handmade_model()
    model.subgraphs[0].tensors[4].type = schema.TensorType.INT16
    assert required_runtime(model) == "2.4.0"


def test_versions_compare_as_numbers() -> None:
    assert parse_version("2.14.0") > parse_version("2.4.0") > parse_version("")


def test_an_operator_outside_the_table_is_unknown() -> None:
    assert first_runtime(Operator("CONV_2D", 99, (), ())) == ""
    assert first_runtime(Operator("ATAN2", 1, (), ())) == ""


def test_with_an_operator_that_is_not_known_no_lowest_version_is_told() -> None:
    model = handmade_model()
    model.operatorCodes[0].version = 99
    assert required_runtime(model) == ""
    warning = checks.runtime_warning(model, "2.14.0", "model.tflite")
    assert warning is not None
    assert "CONV_2D version 99 is not known here" in warning
    assert "was not checked" in warning


def test_operators_outside_the_targets_set_are_refused() -> None:
    model = handmade_model()
    checks.check_target_ops(model, None, "model.tflite")
    checks.check_target_ops(model, ("CONV_2D", "MEAN", "LOGISTIC"), "model.tflite")
    with pytest.raises(InputError, match=r"uses LOGISTIC, MEAN, which export\.target_ops"):
        checks.check_target_ops(model, ("CONV_2D",), "model.tflite")
    with pytest.raises(InputError, match=r"'CONV2D' is not .* did you mean CONV_2D"):
        checks.check_target_ops(model, ("CONV2D",), "model.tflite")


def _integer_input(kind: int, scale: float, zero_point: int) -> Any:
    model = handmade_model()
    tensor = model.subgraphs[0].tensors[0]
    tensor.type = kind
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero_point]
    return model


@pytest.mark.parametrize(
    ("kind", "zero_point"), [(schema.TensorType.UINT8, 127), (schema.TensorType.INT8, -1)]
)
def test_the_contracts_own_scale_and_zero_point_take_pixels_as_they_are(
    kind: int, zero_point: int
) -> None:
    contract = Preprocessing(input_size=64)
    checks.check_input_exact(_integer_input(kind, 1 / 128, zero_point), contract, "m")
    for scale, zero in ((1 / 128, zero_point + 1), (1 / 127, zero_point), (1 / 129, zero_point)):
        with pytest.raises(InputError, match="pixels are taken as they are only with"):
            checks.check_input_exact(_integer_input(kind, scale, zero), contract, "m")
