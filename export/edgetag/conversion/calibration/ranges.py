"""Ranges of activations by least squared error, instead of from the smallest to the largest value.

A step of eight bits is a 255th of a tensor's range, and a few large values make all steps coarse.
Cutting them off costs less than that where they are rare: of every range the ends are moved
inwards as long as the mean squared error over the pictures falls. The numbers come from the float
file.

Only the outputs of convolutions, dense layers and additions are looked at, and of these only those
that nothing reads which wants its output in the same scale, such as a pooling.
"""

from collections.abc import Collection, Sequence
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.calibration.parts import Part
from edgetag.conversion.calibration.pictures import Pictures
from edgetag.conversion.calibration.weighted import (
    BIAS,
    OPERATORS,
    read_bias,
    weighted_layers,
    write_bias,
)
from edgetag.conversion.flatfile import NO_TENSOR, ints, operators
from edgetag.conversion.layers import Layer

FREE_OUTPUTS = (*OPERATORS, "ADD")
FREE_INPUTS = (*FREE_OUTPUTS, "MEAN", "DEQUANTIZE", "QUANTIZE", "LOGISTIC", "SOFTMAX")
"""Operators whose output, or whose input, may have any scale."""

BINS = 2048
SHARES = 1.0 - 0.025 * np.arange(29)
"""Of each end of the range, what is tried: all of it, and down to 0.3."""

ROUNDS = 2
"""One end is moved, then the other: again, since the best place of each depends on the other."""

TINY = 1e-30
"""Instead of the width of a range that has none."""

LEAST_WIDTH = 1e-6
"""Of a range that is chosen, as the converter keeps to it: in smaller steps LiteRT cannot count the
6 of a ReLU6, and refuses the file."""

LOW, STEPS = -128, 255
"""Of int8: its smallest value, and the steps of a range."""


def set_ranges(quantized: Any, floating: Any, layers: Sequence[Layer], pictures: Pictures) -> None:
    """Choose the ranges of a quantized model's activations anew, in place.

    Args:
        quantized: From `flatfile.parse_model`.
        floating: The float model of the same network.
        layers: From `matched_layers` of both.
        pictures: Without labels.
    """
    graph = quantized.subgraphs[0]
    weighted = weighted_layers(quantized, layers)
    free = free_tensors(quantized, {layer.layer.quantized for layer in weighted})
    chosen = {
        ints(graph.operators[layer.quantized].outputs)[0]: ints(
            floating.subgraphs[0].operators[layer.floating].outputs
        )[0]
        for layer in layers
        if layer.operator in FREE_OUTPUTS
    }
    chosen = {ours: theirs for ours, theirs in chosen.items() if ours in free}
    biases = {layer.bias: read_bias(quantized, layer.bias) for layer in weighted}
    histograms = _histograms(floating, list(chosen.values()), pictures)
    for position, (counts, low, high) in zip(chosen, histograms, strict=True):
        _set_range(graph.tensors[position], *best_range(counts, low, high))
    for layer in weighted:
        bias = graph.tensors[layer.bias]
        scale = np.float64(graph.tensors[layer.input].quantization.scale[0])
        bias.quantization = copy(bias.quantization)
        scales = scale * np.asarray(graph.tensors[layer.weights].quantization.scale, np.float64)
        bias.quantization.scale = scales.astype(np.float32)
        write_bias(quantized, layer.bias, biases[layer.bias])


def best_range(counts: npt.NDArray[np.int64], low: float, high: float) -> tuple[float, float]:
    """Return the ends of the range, 0 within it, whose steps round values with least squared error.

    Args:
        counts: How many values lie in each of the equal bins between `low` and `high`.
        low: At most 0.
        high: At least 0, above `low`.
    """
    width = (high - low) / len(counts)
    values = low + (np.arange(len(counts)) + 0.5) * width

    def error(ends: tuple[float, float]) -> float:
        step = (ends[1] - ends[0]) / STEPS
        if not step > 0:
            return np.inf
        zero = np.rint(LOW - ends[0] / step)
        steps = (np.rint(values / step) + zero).clip(LOW, LOW + STEPS)
        return float(np.square((steps - zero) * step - values) @ counts)

    ends = (low, high)
    for _ in range(ROUNDS):
        ends = min(((ends[0], float(last)) for last in high * SHARES), key=error)
        ends = min(((float(first), ends[1]) for first in low * SHARES), key=error)
    return ends


def free_tensors(model: Any, rescaled: Collection[int]) -> set[int]:
    """Return the int8 tensors that are read, and by nothing that ties a number to their scale.

    Args:
        model: The quantized one.
        rescaled: Operators whose bias will follow the scale of their input.
    """
    graph = model.subgraphs[0]
    tied = set(ints(graph.outputs))
    read = set()
    for position, operator in enumerate(operators(model, graph)):
        read |= set(operator.inputs)
        biased = operator.name in OPERATORS and len(operator.inputs) > BIAS
        if operator.name not in FREE_INPUTS:
            tied |= {*operator.inputs, *operator.outputs}
        elif biased and operator.inputs[BIAS] != NO_TENSOR and position not in rescaled:
            tied |= set(operator.inputs)
    int8 = schema.TensorType.INT8
    return {at for at in read - tied if at >= 0 and graph.tensors[at].type == int8}


def _histograms(
    floating: Any, outputs: Sequence[int], pictures: Pictures
) -> list[tuple[npt.NDArray[np.int64], float, float]]:
    """Return of some tensors of the float file the counts between the smallest and largest value.

    Both ends reach to 0 at least, which a range must hold.
    """
    graph = floating.subgraphs[0]
    asked = tuple(dict.fromkeys(outputs))
    part = Part(floating, graph.operators, ints(graph.inputs), asked)
    low, high = (dict.fromkeys(asked, 0.0) for _ in range(2))
    for values in pictures.fed_to(floating):
        for output, computed in part.run([values]).items():
            low[output] = min(low[output], float(computed.min()))
            high[output] = max(high[output], float(computed.max()))
    counts = {output: np.zeros(BINS, np.int64) for output in asked}
    for values in pictures.fed_to(floating):
        for output, computed in part.run([values]).items():
            # A third of the time of np.histogram, which does not take the bins to be equal.
            share = (computed.ravel() - low[output]) / max(high[output] - low[output], TINY)
            bins = (share * BINS).astype(np.int64).clip(0, BINS - 1)
            counts[output] += np.bincount(bins, minlength=BINS)
    return [(counts[output], low[output], high[output]) for output in outputs]


def _set_range(tensor: Any, low: float, high: float) -> None:
    if high - low < LEAST_WIDTH:
        return  # hardly more than zero: whatever the range, nothing is lost
    quantization = copy(tensor.quantization)
    step = np.float32((high - low) / STEPS)
    zero = int(np.clip(np.rint(LOW - low / step), LOW, LOW + STEPS))
    quantization.scale, quantization.zeroPoint = [step], [zero]
    quantization.min = quantization.max = None
    tensor.quantization = quantization
