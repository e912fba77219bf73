"""A network as a phone computes it: batch norm folded into the weights, dropout left out."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.compression.sparsity import WEIGHTED
from edgetag.networks.graph import producers, readers
from edgetag.tf import keras, tf

Weights = list[npt.NDArray[np.float32]]


def folded(model: keras.Model) -> keras.Model:
    """Rebuild a trained model in a form whose layers have int8 counterparts, with equal outputs.

    A batch norm goes into the convolution or dense layer before it, as TensorFlow Lite's converter
    folds it (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 3.2). One that follows none, as in model3, becomes
    what it is at inference: a 1x1 depthwise convolution. What is zero stays zero.

    The model is left as it is; layers keep their names.
    """
    norms = {producers(layer)[0].name: layer for layer in model.layers if folds(layer)}
    tensors: dict[Any, Any] = {}
    weights: dict[str, Weights] = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            image = output = keras.Input(model.input_shape[1:], name=layer.name)
        elif isinstance(layer, keras.layers.Dropout) or folds(layer):
            output = tensors[layer.input.ref()]
        else:
            copied, weights[layer.name] = _copied(layer, norms.get(layer.name))
            output = copied(tf.nest.map_structure(lambda x: tensors[x.ref()], layer.input))
        tensors[layer.output.ref()] = output
    rebuilt = keras.Model(image, tensors[model.output.ref()], name=model.name)
    for name, values in weights.items():
        rebuilt.get_layer(name).set_weights(values)
    return rebuilt


def folds(layer: keras.layers.Layer) -> bool:
    """Tell whether a layer is a batch norm that alone reads a linear convolution or dense layer."""
    if not isinstance(layer, keras.layers.BatchNormalization):
        return False
    (before,) = producers(layer)
    linear = isinstance(before, WEIGHTED) and before.activation is keras.activations.linear
    return linear and readers(before) == [layer]


def _copied(
    layer: keras.layers.Layer, norm: keras.layers.Layer | None
) -> tuple[keras.layers.Layer, Weights]:
    """Return a new layer and its weights, with those of a batch norm behind it."""
    if isinstance(layer, keras.layers.BatchNormalization):
        factor, offset = _affine(layer)
        copied = keras.layers.DepthwiseConv2D(1, name=layer.name)
        return copied, [factor[None, None, :, None], offset]
    config, weights = layer.get_config(), layer.get_weights()
    if norm is not None:
        factor, offset = _affine(norm)
        kernel, *bias = weights
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        kernel = kernel * (factor.reshape(kernel.shape[2:]) if depthwise else factor)
        weights = [kernel, sum(bias) * factor + offset]
        config["use_bias"] = True
    return layer.__class__.from_config(config), weights


def _affine(norm: keras.layers.Layer) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return what a batch norm multiplies by at inference, and what it adds, `[channels]`."""
    gamma, beta, mean, variance = norm.get_weights()
    factor = gamma / np.sqrt(variance + norm.epsilon)
    return factor, beta - mean * factor
