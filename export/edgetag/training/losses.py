"""The training loss: sigmoid cross-entropy over three-state labels.

Probabilities come in, as the networks end in a sigmoid; Keras finds the logits behind them in a
graph and stays stable. Unknown cells (-1) count for nothing. Averages are over images × tags, a
constant, and not over known cells: so a cell weighs the same in every batch, and splitting a
batch over replicas changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.labels import Labels
from edgetag.recipe import TrainingSection
from edgetag.tags import Vocabulary
from edgetag.tf import keras, tf

MAX_BALANCED_WEIGHT = 10.0


@dataclass(frozen=True)
class LossSettings:
    """What the loss is made of.

    Attributes:
        positive_weights: One weight per tag for its positive cells, or None for 1 throughout.
        label_smoothing: Labels become `label * (1 - s) + s / 2`.
        negative_ratio: Hard negatives kept per positive; None keeps every negative.
        distillation: Weight of the teacher's scores as targets, in 0..1, beside the labels.
    """

    positive_weights: tuple[float, ...] | None = None
    label_smoothing: float = 0.0
    negative_ratio: float | None = None
    distillation: float = 0.0


def loss_settings(
    training: TrainingSection, vocabulary: Vocabulary, labels: Labels
) -> LossSettings:
    """Read the recipe's options.

    Args:
        training: The recipe's section.
        vocabulary: The tags, for weights given by name.
        labels: `[images, tags]` of an epoch of training, for balanced weights.
    """
    weights: tuple[float, ...] | None = None
    if training.positive_weights == "balanced":
        weights = tuple(balanced_weights(labels).tolist())
    elif isinstance(training.positive_weights, dict):
        weights = tuple(training.positive_weights.get(name, 1.0) for name in vocabulary.names)
    return LossSettings(
        positive_weights=weights,
        label_smoothing=training.label_smoothing,
        negative_ratio=training.negative_ratio if training.loss == "hard_negative" else None,
    )


def balanced_weights(labels: Labels) -> npt.NDArray[np.float64]:
    """Return `sqrt(negatives / positives)` of each tag, at most 10; 1 where either is missing."""
    positives = (labels == 1).sum(axis=0)
    negatives = (labels == 0).sum(axis=0)
    weights = np.sqrt(negatives / np.maximum(positives, 1))
    weights[(positives == 0) | (negatives == 0)] = 1.0
    return np.minimum(weights, MAX_BALANCED_WEIGHT)


def loss_function(
    settings: LossSettings, n_tags: int
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Build a loss for `Model.compile`.

    The result takes targets float32 `[batch, tags]` of 1, 0 and -1, with distillation followed by
    the teacher's scores, `[batch, 2 * tags]`, and scores `[batch, tags]`. It returns `[batch]`,
    which Keras averages over the global batch.
    """

    def loss(targets: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        labels = tf.cast(targets[:, :n_tags], tf.float32)
        if settings.negative_ratio is None:
            result = tf.reduce_mean(cell_losses(labels, scores, settings), axis=1)
        else:
            result = hard_negative_loss(labels, scores, settings, settings.negative_ratio)
        if settings.distillation:
            imitation = keras.backend.binary_crossentropy(targets[:, n_tags:], scores)
            imitation = tf.reduce_mean(imitation, axis=1)
            result = (1 - settings.distillation) * result + settings.distillation * imitation
        return result

    return loss


def map_loss(cells: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    """Return how far the heat of maps is from lying on what they are about, `[batch]`.

    The divergence of a map's softmax over its cells from an even share for all that the thing
    fills (Kullback and Leibler). It says nothing of a map's mean, which is the score's alone.

    Args:
        cells: float32 `[batch, height, width, tags]`, how much of a cell is filled; -1 unknown.
        maps: `[batch, height, width, tags]`, before the sigmoid.
    """
    filled = tf.maximum(cells, 0.0)
    total = tf.reduce_sum(filled, axis=(1, 2))
    shares = filled / tf.maximum(total, 1e-6)[:, None, None, :]
    maps = tf.cast(maps, tf.float32)
    logs = maps - tf.reduce_logsumexp(maps, axis=(1, 2), keepdims=True)
    apart = tf.reduce_sum(shares * (tf.math.log(tf.maximum(shares, 1e-6)) - logs), axis=(1, 2))
    known = tf.cast(total > 0, tf.float32)
    return tf.reduce_sum(apart, axis=1) / tf.maximum(tf.reduce_sum(known, axis=1), 1.0)


def cell_losses(labels: tf.Tensor, scores: tf.Tensor, settings: LossSettings) -> tf.Tensor:
    """Return the cross-entropy of every cell, 0 where the label is unknown.

    Args:
        labels: float32 `[batch, tags]` of 1, 0 and -1.
        scores: float32 `[batch, tags]` in 0..1.
        settings: Smoothing and positive weights.

    Returns:
        float32 `[batch, tags]`.
    """
    truth = tf.maximum(labels, 0.0)
    smooth = truth * (1 - settings.label_smoothing) + settings.label_smoothing / 2
    losses = keras.backend.binary_crossentropy(smooth, scores)
    if settings.positive_weights is not None:
        losses *= tf.where(labels > 0, tf.constant([settings.positive_weights], tf.float32), 1.0)
    return tf.where(labels >= 0, losses, 0.0)


def hard_negative_loss(
    labels: tf.Tensor, scores: tf.Tensor, settings: LossSettings, ratio: float
) -> tf.Tensor:
    """Return the mean loss of the positives plus that of the hardest negatives.

    For each tag over the batch: p = positives, at least 1; n = p × ratio rounded, at least 1 and
    at most the known negatives; loss = sum of positive losses / p + sum of the n largest negative
    losses / n. Then the mean over tags. Each replica mines in its own share of a batch.

    Returns:
        float32 `[batch]` that averages to the loss.
    """
    losses = cell_losses(labels, scores, settings)
    positive, negative = labels > 0, tf.equal(labels, 0.0)
    positives = tf.maximum(tf.reduce_sum(tf.cast(positive, tf.float32), axis=0), 1.0)
    negatives = tf.reduce_sum(tf.cast(negative, tf.float32), axis=0)
    kept_negatives = tf.minimum(tf.maximum(tf.round(positives * ratio), 1.0), negatives)
    hardness = tf.stop_gradient(tf.where(negative, losses, -1.0))
    order = tf.argsort(hardness, axis=0, direction="DESCENDING", stable=True)
    rank = tf.cast(tf.argsort(order, axis=0, stable=True), tf.float32)
    kept = negative & (rank < kept_negatives)
    # Each image carries its part, times the batch, so that Keras' mean over images is the sum.
    parts = tf.where(positive, losses / positives, 0.0)
    parts += tf.where(kept, losses / tf.maximum(kept_negatives, 1.0), 0.0)
    return tf.reduce_mean(parts, axis=1) * tf.cast(tf.shape(labels)[0], tf.float32)
