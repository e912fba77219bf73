"""Scores of a Keras model over cached images, in bounded memory."""

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.metrics import Scores
from edgetag.networks.building import CAM
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import Progress
from edgetag.tf import keras, tf


def predict(
    model: keras.Model,
    dataset: Dataset,
    rows: Rows,
    contract: Preprocessing,
    progress: Progress,
    batch_size: int = 64,
    what: str = "scoring with TensorFlow",
) -> Scores:
    """Score images with the model in inference mode.

    Args:
        model: From `image` to scores.
        dataset: Gives the images.
        rows: `[n]` rows to score.
        contract: Scales the pixels.
        progress: Is told of every batch.
        batch_size: Images at once; it changes nothing but speed.
        what: The task's name for `progress`.

    Returns:
        float32 `[n, tags]` in the order of `rows`.
    """
    size = contract.input_size
    out = np.empty((len(rows), model.output_shape[-1]), dtype=np.float32)

    @tf.function(input_signature=[tf.TensorSpec((None, size, size, 3), tf.float32)])
    def infer(images: tf.Tensor) -> tf.Tensor:
        return model(images, training=False)

    with progress.track(what, len(rows), "images") as task:
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            out[start : start + len(batch)] = infer(scale(dataset.images(batch), contract)).numpy()
            task.advance(len(batch))
    return out


def predict_maps(
    model: keras.Model,
    dataset: Dataset,
    rows: Rows,
    contract: Preprocessing,
    progress: Progress,
    batch_size: int = 64,
) -> npt.NDArray[np.float32]:
    """Return the class activation maps of a CAM-headed model, before the sigmoid.

    Args:
        model: From `image` to scores, each the sigmoid of the mean of a map of the layer `cam`.
        dataset: Gives the images.
        rows: `[n]` rows.
        contract: Scales the pixels.
        progress: Is told of every batch.
        batch_size: Images at once; it changes nothing but speed.

    Returns:
        float32 `[n, height, width, tags]` in the order of `rows`.
    """
    size = contract.input_size
    inner = keras.Model(model.input, model.get_layer(CAM).output)

    @tf.function(input_signature=[tf.TensorSpec((None, size, size, 3), tf.float32)])
    def infer(images: tf.Tensor) -> tf.Tensor:
        return inner(images, training=False)

    out = np.empty((len(rows), *inner.output_shape[1:]), dtype=np.float32)
    with progress.track("heat maps with TensorFlow", len(rows), "images") as task:
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            out[start : start + len(batch)] = infer(scale(dataset.images(batch), contract)).numpy()
            task.advance(len(batch))
    return out
