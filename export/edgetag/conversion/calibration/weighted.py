"""Layers with weights and a bias, in the quantized file and in its float file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.flatfile import NO_TENSOR, NUMPY_TYPES, constant, ints
from edgetag.conversion.layers import Layer

DEPTHWISE = "DEPTHWISE_CONV_2D"
OPERATORS = ("CONV_2D", DEPTHWISE, "FULLY_CONNECTED")
BIAS = 2
"""Place of the bias among the inputs of each."""


@dataclass(frozen=True)
class Weighted:
    """A layer with a bias.

    Attributes:
        layer: Its operators in both files.
        input: Position of its input among the quantized file's tensors,
        weights: of its weights,
        bias: of its bias,
        output: and of its output.
        activation: Whether an activation is fused with it.
    """

    layer: Layer
    input: int
    weights: int
    bias: int
    output: int
    activation: bool


def weighted_layers(model: Any, layers: Sequence[Layer]) -> tuple[Weighted, ...]:
    """Return the layers with a stored bias of their own, in order of execution."""
    graph = model.subgraphs[0]
    uses = Counter(position for operator in graph.operators for position in ints(operator.inputs))
    weighted = []
    for layer in layers:
        operator = graph.operators[layer.quantized]
        inputs = ints(operator.inputs)
        if layer.operator not in OPERATORS or len(inputs) <= BIAS or inputs[BIAS] == NO_TENSOR:
            continue
        stored = constant(model, graph.tensors[inputs[BIAS]]) is not None
        if stored and uses[inputs[BIAS]] == 1:
            fed, weights, bias = inputs[: BIAS + 1]
            output = ints(operator.outputs)[0]
            weighted.append(Weighted(layer, fed, weights, bias, output, _activates(operator)))
    return tuple(weighted)


def _activates(operator: Any) -> bool:
    none = schema.ActivationFunctionType.NONE
    return getattr(operator.builtinOptions, "fusedActivationFunction", none) != none


def read_bias(model: Any, position: int) -> npt.NDArray[np.float64]:
    """Return the real values of a stored bias, `[channels]`."""
    tensor = model.subgraphs[0].tensors[position]
    steps = np.asarray(constant(model, tensor), np.float64)
    return steps * np.asarray(tensor.quantization.scale, np.float64)


def write_bias(model: Any, position: int, values: npt.NDArray[np.float64]) -> None:
    """Store the real values of a bias, `[channels]`, in its scale and type.

    It gets a buffer of its own, since a file holds equal values of several tensors once.
    """
    tensor = model.subgraphs[0].tensors[position]
    steps = np.rint(values / np.asarray(tensor.quantization.scale, np.float64))
    _store(model, tensor, steps)


def write_weights(model: Any, position: int, steps: npt.NDArray[np.float64]) -> None:
    """Store weights, in steps of their scales and in the tensor's shape.

    They get a buffer of their own; see `write_bias`.
    """
    _store(model, model.subgraphs[0].tensors[position], steps)


def _store(model: Any, tensor: Any, steps: npt.NDArray[np.float64]) -> None:
    kind = NUMPY_TYPES[tensor.type]
    limits = np.iinfo(kind)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(steps.clip(limits.min, limits.max).astype(kind).tobytes(), np.uint8)
    holders = [held for graph in model.subgraphs for held in graph.tensors]
    if sum(held.buffer == tensor.buffer for held in holders) == 1:
        model.buffers[tensor.buffer] = buffer
    else:
        tensor.buffer = len(model.buffers)
        model.buffers.append(buffer)
