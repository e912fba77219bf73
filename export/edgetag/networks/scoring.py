"""Scores of a Keras model over cached images, in bounded memory."""

import numpy as np
import numpy.typing as npt

from edgetag.catalogue.networks import CAM
from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import Progress
from edgetag.tf import keras, tf

BATCH_SIZE = 64
"""Images at once; it changes nothing but speed."""


class Scorer:
    """Runs a model in inference mode; TensorFlow builds its graph once, which takes seconds.

    Args:
        model: From `image`, float32 `[batch, size, size, 3]` scaled by the contract.
        contract: Scales the pixels.
    """

    def __init__(self, model: keras.Model, contract: Preprocessing) -> None:
        size = contract.input_size

        @tf.function(input_signature=[tf.TensorSpec((None, size, size, 3), tf.float32)])
        def infer(images: tf.Tensor) -> tf.Tensor:
            return model(images, training=False)

        self._infer = infer
        self._contract = contract
        self._shape = tuple(model.output_shape[1:])

    def run(
        self,
        dataset: Dataset,
        rows: Rows,
        progress: Progress,
        what: str = "scoring with TensorFlow",
    ) -> npt.NDArray[np.float32]:
        """Return the model's output, by the weights that it has now.

        Returns:
            float32 `[n, …]`, the shape of one output after `n`, in the order of `rows`.

        Raises:
            InputError: Some of it is not finite.
        """
        out = np.empty((len(rows), *self._shape), dtype=np.float32)
        with progress.track(what, len(rows), "images") as task:
            for start in range(0, len(rows), BATCH_SIZE):
                batch = rows[start : start + BATCH_SIZE]
                images = scale(dataset.images(batch), self._contract)
                out[start : start + len(batch)] = self._infer(images).numpy()
                task.advance(len(batch))
        if not np.isfinite(out).all():
            raise InputError(
                "the network gives scores that are not finite numbers: its training diverged. "
                "Lower the learning_rate of what was trained last: training.phases, pruning, "
                "compress.channels or quantization"
            )
        return out


def maps_of(model: keras.Model) -> keras.Model:
    """Return the part of a CAM-headed model that ends in its maps, before the sigmoid.

    Args:
        model: From `image` to scores, each the sigmoid of the mean of a map of the layer `cam`.

    Returns:
        From `image` to float32 `[batch, height, width, tags]`.
    """
    return keras.Model(model.input, model.get_layer(CAM).output)
