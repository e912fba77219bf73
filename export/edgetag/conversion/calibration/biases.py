"""Empirical, sequential bias correction.

Rounding weights and activations moves the mean of what a layer computes, channel by channel. The
mean over some pictures is compared with the float file's, and the difference is taken out of the
bias; then comes the next layer, which sees the corrected ones before it. (Nagel et al. 2019,
"Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2 and
appendix D.)

Layers with a fused activation are left as they are. On the demo's network matching their means
too, before the activation, brought the distance of logits from 0.51 to 0.33 instead of 0.26, and
matching them behind it doubled the distance.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.conversion.calibration.parts import Part
from edgetag.conversion.calibration.pictures import Pictures, Values, real
from edgetag.conversion.calibration.walk import Walk
from edgetag.conversion.calibration.weighted import Weighted, read_bias, weighted_layers, write_bias
from edgetag.conversion.flatfile import ints
from edgetag.conversion.layers import Layer

Means = npt.NDArray[np.float64]
"""`[channels]`."""


def correct_biases(
    quantized: Any, floating: Any, layers: Sequence[Layer], pictures: Pictures
) -> None:
    """Correct the biases of a quantized model, in place.

    Args:
        quantized: From `flatfile.parse_model`.
        floating: The float model of the same network.
        layers: From `matched_layers` of both.
        pictures: Without labels.
    """
    targets = [layer for layer in weighted_layers(quantized, layers) if not layer.activation]
    wanted = _float_means(floating, targets, pictures)
    walk, tensors = Walk(quantized, pictures), quantized.subgraphs[0].tensors
    for target, mean in zip(targets, wanted, strict=True):
        walk.advance(target.layer.quantized)
        outputs = (real(values, tensors[target.output]) for values in walk.next_output())
        off = mean - sum(_channel_means(values) for values in outputs) / len(pictures)
        write_bias(quantized, target.bias, read_bias(quantized, target.bias) + off)


def _float_means(floating: Any, targets: Sequence[Weighted], pictures: Pictures) -> list[Means]:
    """Return the mean output of each target in the float file."""
    graph = floating.subgraphs[0]
    outputs = [ints(graph.operators[target.layer.floating].outputs)[0] for target in targets]
    part = Part(floating, graph.operators, ints(graph.inputs), outputs)
    means = [np.zeros(ints(graph.tensors[output].shape)[-1]) for output in outputs]
    for values in pictures.fed_to(floating):
        computed = part.run([values])
        for mean, output in zip(means, outputs, strict=True):
            mean += _channel_means(computed[output]) / len(pictures)
    return means


def _channel_means(values: Values) -> Means:
    """Return `[channels]`: the mean of each over all places."""
    return values.reshape(-1, values.shape[-1]).mean(axis=0, dtype=np.float64)
