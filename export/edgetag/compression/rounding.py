"""Weights counted in steps of their rounding: what a channel is rounded to, and Adam in steps.

Batch norm folded, one channel's weights may be a thousand times another's. A step of one size
would leave the one as it is and throw the other about; what both have in common is that int8
rounds them to a 127th of their largest.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.compression.schemes import channel_axis
from edgetag.compression.sparsity import kernel_of
from edgetag.tf import keras, tf
from edgetag.training.adam import Adam

INT8_STEPS = 127
"""From zero to the largest weight of a channel."""

BIAS_STEPS = 40.0
"""How many steps a bias moves where a weight moves by one. It has to make good what the rounding of
all weights of its channel does to the mean. With the demo's network 1, 6 and 20 did worse."""

Steps = Mapping[Any, npt.NDArray[np.float32]]
"""Reference of a variable → the size of a step, of the variable's shape."""


def set_weight_ranges(model: keras.Model) -> None:
    """Give each channel of a quantization-aware model's weights the range that its largest needs.

    The model, from `quantize_apply`, is changed in place.
    """
    for layer in model.layers:
        if (kernel := kernel_of(layer)) is None:
            continue
        axis = channel_axis(layer.layer)
        others = tuple(i for i in range(len(kernel.shape)) if i != axis)
        largest = np.abs(kernel.numpy()).max(axis=others)
        _variable(layer, "kernel_min").assign(-largest)
        _variable(layer, "kernel_max").assign(largest)


def rounding_steps(model: keras.Model, *, keep_zeros: bool) -> Steps:
    """Return the steps of a quantization-aware model's weights and biases.

    Args:
        model: Its ranges are set; see `set_weight_ranges`.
        keep_zeros: Give weights that are zero now no step, so that they stay zero.
    """
    steps = {}
    for layer in model.layers:
        if (kernel := kernel_of(layer)) is None:
            continue
        step = _variable(layer, "kernel_max").numpy() / INT8_STEPS
        if layer.layer.use_bias:
            steps[_variable(layer, "bias").ref()] = BIAS_STEPS * step
        if channel_axis(layer.layer) == 2:
            step = step[:, None]  # of a depthwise kernel, [height, width, channels, 1]
        moves = kernel.numpy() != 0 if keep_zeros else True
        steps[kernel.ref()] = np.broadcast_to(step * moves, kernel.shape)
    return steps


def _variable(layer: keras.layers.Layer, name: str) -> tf.Variable:
    """Return the variable of a wrapped layer whose name ends so."""
    return next(v for v in layer.weights if v.name.split(":")[0].endswith(name))


class StepAdam(Adam):
    """Adam whose learning rate counts in steps of each weight.

    Adam divides a gradient by its size, so this is Adam on the weights divided by their steps.

    Args:
        learning_rate: Of one step of training, in steps of weights.
        steps: From `rounding_steps`; it covers every weight that is trained.
    """

    def __init__(self, learning_rate: Any, steps: Steps) -> None:
        super().__init__(learning_rate)
        self._steps = steps

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Move a variable by what Adam says, times its steps."""
        before = tf.identity(variable)
        super().update_step(gradient, variable)
        variable.assign(before + self._steps[variable.ref()] * (variable - before))
