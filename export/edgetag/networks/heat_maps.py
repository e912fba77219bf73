"""Where a float model sees a tag: its own maps, or Grad-CAM where scores are no means of maps.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", ICCV 2017.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgetag.catalogue.networks import CAM
from edgetag.networks.scoring import maps_of
from edgetag.tf import keras, tf

ScoresAndMap = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Scores `[tags]`, and the map of one tag, `[height, width]` in 0..1."""


def heat_map_function(
    model: keras.Model, tag: int
) -> Callable[[npt.NDArray[np.float32]], ScoresAndMap]:
    """Return what tells the scores of a picture, and where it shows a tag.

    Where scores are means of maps, that is the tag's own, after the sigmoid. Else it is Grad-CAM on
    the last feature map, as a share of its peak: it tells places, and nothing of how sure they are.
    """
    if any(layer.name == CAM for layer in model.layers):
        ends = keras.Model(model.input, [model.output, maps_of(model).output])

        @tf.function
        def compute(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            scores, maps = ends(image, training=False)
            return scores[0], tf.sigmoid(maps[0, ..., tag])

    else:
        last = _last_features(model)
        logits = model.get_layer("logits").output
        ends = keras.Model(model.input, [model.output, logits, last.output])

        @tf.function
        def compute(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                scores, values, features = ends(image, training=False)
                logit = values[:, tag]
            weights = tf.reduce_mean(tape.gradient(logit, features), axis=(1, 2), keepdims=True)
            heat = tf.nn.relu(tf.reduce_sum(weights * features, axis=3))[0]
            return scores[0], tf.math.divide_no_nan(heat, tf.reduce_max(heat))

    return lambda image: tuple(part.numpy() for part in compute(tf.constant(image[None])))


def map_place(model: keras.Model) -> tuple[int, int]:
    """Return where in its input the map of `heat_map_function` lies: its first pixel, and its side.

    A network's own map lies over the whole input. Convolutions that pad nothing leave out the
    border, so that the cells of Grad-CAM may lie over less.
    """
    if any(layer.name == CAM for layer in model.layers):
        return 0, int(model.input_shape[1])
    first, stride, last = 0.0, 1, _last_features(model)
    for layer in model.layers[: model.layers.index(last) + 1]:
        if getattr(layer, "padding", "same") == "valid":
            reads = getattr(layer, "pool_size", None) or layer.kernel_size
            first += stride * (reads[0] - layer.strides[0]) / 2
        stride *= getattr(layer, "strides", (1,))[0]
    return round(first), stride * int(last.output_shape[1])


def _last_features(model: keras.Model) -> keras.layers.Layer:
    return next(layer for layer in reversed(model.layers) if len(layer.output_shape) == 4)
