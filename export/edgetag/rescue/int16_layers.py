"""Layers kept in 16 bits: int16 activations, the same int8 weights.

TensorFlow's converter has one type of activation for a whole file; LiteRT runs the mixture.
"""

from copy import copy
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import NO_TENSOR, OPERATOR_NAMES, constant, ints
from edgetag.errors import InputError
from edgetag.rescue.grafting import QUANTIZE, Graft, renamed

VERSIONS = {
    "ADD": 4,
    "AVERAGE_POOL_2D": 3,
    "CONV_2D": 4,
    "DEPTHWISE_CONV_2D": 5,
    "FULLY_CONNECTED": 7,
    "LOGISTIC": 3,
    "MAX_POOL_2D": 3,
    "MEAN": 3,
    "RESHAPE": 1,
}
"""Operators that can compute on int16, with the version that does. From TensorFlow Lite's
`op_version.cc`."""

FIXED_STEPS = {"LOGISTIC": 2.0**-15}
"""Steps that a kernel demands of its output."""

QUANTIZE_INT16_VERSION = 2
LEVELS = np.iinfo(np.int16).max
BIAS = 2
"""Position of the bias among the inputs of convolutions and dense layers."""


def can_be_int16(operator: str) -> bool:
    """Tell whether an operator can compute on int16."""
    return operator in VERSIONS


class Int16Graft(Graft):
    """Kept layers compute on int16 activations, which are symmetric around 0."""

    def __init__(self, quantized: Any, floating: Any) -> None:
        super().__init__(quantized, floating)
        self._fixed: dict[int, float] = {}

    def twin(self, position: int) -> Any:
        """Return an int16 tensor for the same range."""
        tensor = renamed(self.graph.tensors[position], "_int16")
        tensor.type = schema.TensorType.INT16
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [self._step(position)]
        tensor.quantization.zeroPoint = [0]
        return tensor

    def layer(self, original: Any, counterpart: Any) -> Any:
        """Return the operator on int16, with a bias of 64 bits."""
        code = self.model.operatorCodes[original.opcodeIndex]
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        name = OPERATOR_NAMES.get(builtin, f"builtin {builtin}")
        if not can_be_int16(name):
            raise InputError(f"{name} cannot compute on int16 here; use: --keep float")
        if name in FIXED_STEPS:
            self._fixed[ints(original.outputs)[0]] = FIXED_STEPS[name]
        operator = copy(original)
        operator.opcodeIndex = self.code(builtin, VERSIONS[name])
        if isinstance(operator.builtinOptions, schema.AddOptionsT):
            operator.builtinOptions = copy(operator.builtinOptions)
            operator.builtinOptions.potScaleInt16 = False  # steps need not be powers of two
        inputs = list(ints(original.inputs))
        if len(inputs) > BIAS and inputs[BIAS] != NO_TENSOR and not self.is_computed(inputs[BIAS]):
            bias = self._float_constant(ints(counterpart.inputs)[BIAS])
            inputs[BIAS] = self._bias(inputs, bias)
        operator.inputs = inputs
        return operator

    def casts(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return QUANTIZE in both directions."""
        return (QUANTIZE, QUANTIZE_INT16_VERSION), (QUANTIZE, QUANTIZE_INT16_VERSION)

    def _step(self, position: int) -> float:
        if position in self._fixed:
            return self._fixed[position]
        levels = np.iinfo(np.int8)
        quantization = self.graph.tensors[position].quantization
        step, zero = float(quantization.scale[0]), int(quantization.zeroPoint[0])
        return max(zero - levels.min, levels.max - zero) * step / LEVELS

    def _bias(self, inputs: list[int], bias: "np.ndarray[Any, Any]") -> int:
        """Append the bias in the steps that the kernel sums in: input step × weight step."""
        weight_steps = np.asarray(self.graph.tensors[inputs[1]].quantization.scale, np.float64)
        steps = self._step(inputs[0]) * weight_steps
        tensor = renamed(self.graph.tensors[inputs[BIAS]], "_int64")
        tensor.type = schema.TensorType.INT64
        tensor.quantization = copy(tensor.quantization)
        tensor.quantization.scale = steps.astype(np.float32)
        return self.add_tensor(tensor, np.rint(bias / steps).astype(np.int64))

    def _float_constant(self, position: int) -> "np.ndarray[Any, Any]":
        values = constant(self.floating, self.floating.subgraphs[0].tensors[position])
        if values is None:
            raise InputError("the float file computes a bias; only stored ones can be kept")
        return values
