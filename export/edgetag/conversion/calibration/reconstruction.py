"""Weights rounded, and biases set, so that each layer's sums stay near the float file's.

Rounding each weight to its nearest step is best for the weight and not for the sum that it is part
of. Here a layer's weights are rounded one after the other, and what a rounding did to the sums
over some pictures is made good by the weights that are not rounded yet, as far as their inputs go
together (GPTQ: Frantar et al. 2023, algorithm 1, from Optimal Brain Surgeon). The mean that is
still off goes into the bias (Nagel et al. 2019, appendix D). Sums are looked at before any
activation. Layers take turns in their order, each by the inputs that the quantized file gives it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

from edgetag.conversion.calibration.patches import Window
from edgetag.conversion.calibration.pictures import Pictures, real
from edgetag.conversion.calibration.walk import Walk
from edgetag.conversion.calibration.weighted import (
    DEPTHWISE,
    weighted_layers,
    write_bias,
    write_weights,
)
from edgetag.conversion.flatfile import constant, ints
from edgetag.conversion.layers import Layer

MOST_PICTURES = 96
PLACES = 64
"""Of each picture, where a layer's sums are looked at; more say little that is new."""

DAMPING = 0.01
"""Of the mean variance of the inputs, added to each: else inputs that hardly vary would take up
any rounding. (As in GPTQ.)"""

LARGEST = 127

Groups = npt.NDArray[np.float64]
"""`[groups, …]`: a depthwise convolution sums each channel by itself, any other layer is one
group."""


def reconstruct(quantized: Any, floating: Any, layers: Sequence[Layer], pictures: Pictures) -> None:
    """Choose weights and biases of a quantized model anew, in place.

    Args:
        quantized: From `flatfile.parse_model`, its weights in int8.
        floating: The float model of the same network.
        layers: From `matched_layers` of both.
        pictures: Without labels.
    """
    pictures = Pictures(pictures.pixels[:MOST_PICTURES], pictures.contract)
    ours, theirs = Walk(quantized, pictures), Walk(floating, pictures)
    tensors, float_tensors = quantized.subgraphs[0].tensors, floating.subgraphs[0].tensors
    for target in weighted_layers(quantized, layers):
        ours.advance(target.layer.quantized)
        theirs.advance(target.layer.floating)
        operator = floating.subgraphs[0].operators[target.layer.floating]
        source, *stored = ints(operator.inputs)[:3]
        kernel, bias = (constant(floating, float_tensors[position]) for position in stored)
        channels = tensors[target.input].shape[-1]
        if kernel is None or bias is None or kernel.shape[-1] != channels:
            continue  # computed weights, or convolutions of several groups
        depthwise = target.layer.operator == DEPTHWISE
        window = Window.of(operator, kernel.shape)
        wanted = [
            window.patches(values, PLACES, seed)
            for seed, values in enumerate(theirs.values(source))
        ]
        given = [
            window.patches(real(values, tensors[target.input]), PLACES, seed)
            for seed, values in enumerate(ours.values(target.input))
        ]
        scales = np.asarray(tensors[target.weights].quantization.scale, np.float64)
        weights = _grouped(kernel.astype(np.float64), depthwise)
        scales = np.broadcast_to(scales, kernel.shape[-1 if depthwise else 0])
        scales = scales.reshape(len(weights), -1)
        means, variances = _moments(_inputs(given, depthwise))
        steps = round_with_feedback(weights, variances, scales)
        write_weights(quantized, target.weights, _ungrouped(steps, kernel.shape, depthwise))
        float_means = _inputs(wanted, depthwise).mean(axis=1)
        off = np.einsum("gi,gio->go", float_means, weights)
        off -= np.einsum("gi,gio->go", means, steps * scales[:, None])
        write_bias(quantized, target.bias, bias + off.ravel())


def round_with_feedback(weights: Groups, variances: Groups, scales: Groups) -> Groups:
    """Round weights one after the other; those that are left make good what that did.

    Args:
        weights: `[groups, inputs, outputs]`; what is zero stays zero.
        variances: `[groups, inputs, inputs]`, covariances of the inputs.
        scales: `[groups, outputs]`, the size of a step.

    Returns:
        `[groups, inputs, outputs]`, in whole steps from -127 to 127.
    """
    inputs = weights.shape[1]
    spread = np.trace(variances, axis1=1, axis2=2)[:, None, None] / inputs
    damped = variances + np.eye(inputs) * np.where(spread > 0, DAMPING * spread, 1.0)
    upper = np.stack([_root_of_inverse(each) for each in damped])
    left, steps = weights.copy(), np.zeros_like(weights)
    for i in range(inputs):
        rounded = np.rint(left[:, i] / scales).clip(-LARGEST, LARGEST)
        steps[:, i] = np.where(weights[:, i] == 0, 0, rounded)
        error = (left[:, i] - steps[:, i] * scales) / upper[:, i, i, None]
        left[:, i + 1 :] -= upper[:, i, i + 1 :, None] * error[:, None]
    return steps


def _root_of_inverse(symmetric: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the upper triangle `u` with `u.T @ u` the inverse, by a triangle's inverse alone."""
    reversed_root = np.linalg.cholesky(symmetric[::-1, ::-1])
    inverse, _ = scipy.linalg.lapack.dtrtri(reversed_root, lower=1)
    return np.asarray(inverse)[::-1, ::-1]


def _grouped(kernel: Groups, depthwise: bool) -> Groups:
    """Return `[groups, inputs, outputs]` of `[outputs, …, inputs]`, or of `[1, …, groups]`."""
    if depthwise:
        return kernel.reshape(-1, kernel.shape[-1]).T[:, :, None]
    return kernel.reshape(len(kernel), -1).T[None]


def _ungrouped(grouped: Groups, shape: tuple[int, ...], depthwise: bool) -> Groups:
    return (grouped[:, :, 0] if depthwise else grouped[0]).T.reshape(shape)


def _inputs(patches: Sequence[npt.NDArray[Any]], depthwise: bool) -> npt.NDArray[np.float32]:
    """Return `[groups, places, inputs]`."""
    joined = np.concatenate(patches).astype(np.float32)
    if depthwise:
        grouped = joined.reshape(len(joined), -1, joined.shape[-1]).transpose(2, 0, 1)
        return np.ascontiguousarray(grouped)  # else numpy multiplies without BLAS
    return joined.reshape(1, len(joined), -1)


def _moments(inputs: npt.NDArray[np.float32]) -> tuple[Groups, Groups]:
    """Return means `[groups, inputs]` and covariances `[groups, inputs, inputs]`."""
    means = inputs.mean(axis=1, dtype=np.float64)
    centred = inputs - means[:, None].astype(np.float32)
    covariances = centred.swapaxes(1, 2) @ centred / inputs.shape[1]
    return means, covariances.astype(np.float64)
