"""Batch norm statistics, measured anew after the weights before them have changed."""

import numpy as np

from edgetag.dataset import Dataset, Rows
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import Progress
from edgetag.tf import keras, tf


def batch_norms(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the batch norm layers, looking through wrappers."""
    layers = [x.layer if isinstance(x, keras.layers.Wrapper) else x for x in model.layers]
    return [x for x in layers if isinstance(x, keras.layers.BatchNormalization)]


def recalibrate(
    model: keras.Model,
    dataset: Dataset,
    rows: Rows,
    contract: Preprocessing,
    progress: Progress,
    *,
    batches: int = 50,
    batch_size: int = 64,
    seed: int = 1,
) -> None:
    """Replace the moving statistics by those of a sample of images.

    Every batch weighs the same, unlike in a moving average; the variance includes that between
    batches (law of total variance). Nothing but moving means and variances changes.

    At most so many batches are drawn from `rows`, `[n]` rows of the training split; fewer where
    these run out. The model is changed in place.
    """
    layers = batch_norms(model)
    sample = np.random.default_rng(seed).permutation(rows)
    batch_size = min(batch_size, len(rows))
    batches = min(batches, len(rows) // batch_size)
    if not layers or not batches:
        return
    means = [tf.Variable(tf.zeros_like(x.moving_mean)) for x in layers]
    squares = [tf.Variable(tf.zeros_like(x.moving_variance)) for x in layers]
    size = contract.input_size

    @tf.function(input_signature=[tf.TensorSpec((batch_size, size, size, 3), tf.float32)])
    def measure(images: tf.Tensor) -> None:
        model(images, training=True)
        for layer, mean, square in zip(layers, means, squares, strict=True):
            mean.assign_add(layer.moving_mean)
            square.assign_add(layer.moving_variance + tf.square(layer.moving_mean))

    momenta = [x.momentum for x in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0  # the statistics after a batch are then those of this batch
        with progress.track("recalibrating batch norm", batches, "batches") as task:
            for i in range(batches):
                chosen = np.sort(sample[i * batch_size : (i + 1) * batch_size])
                measure(scale(dataset.images(chosen), contract))
                task.advance()
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    for layer, mean, square in zip(layers, means, squares, strict=True):
        average = mean / batches
        layer.moving_mean.assign(average)
        layer.moving_variance.assign(tf.maximum(square / batches - tf.square(average), 0.0))
