"""Quantization-aware training: the model that simulates int8, and the warm-up of its ranges."""

from collections.abc import Mapping

import numpy as np
from sklearn.metrics import jaccard_score

from edgetag.catalogue.variants import trained_by
from edgetag.compression.channels import widths_of, with_widths
from edgetag.compression.schemes import Scheme, follows_weights, unsupported_layers
from edgetag.compression.tfmot import tfmot
from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.networks import build_untrained, load_weights
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.tf import keras, tf
from edgetag.workspace import Workspace


def quantization_aware(
    model: keras.Model, contract: Preprocessing, *, ema_decay: float, preserve_sparsity: bool
) -> keras.Model:
    """Return a copy that simulates int8 inference and can be trained and converted.

    Batch norm statistics are frozen, since TFLite folds them into the weights; its scale and
    offset still learn. Dropout is off: it would widen the ranges. The input's range is the
    contract's and never moves.

    The model is left as it is. A training step keeps `ema_decay` of an activation's old range;
    with `preserve_sparsity` weights that are zero now stay zero.

    Raises:
        InputError: A layer cannot be quantized; all such layers are named.
    """
    ready = prepared(model)
    if unsupported := unsupported_layers(ready):
        raise InputError(
            f"{model.name}: these layers cannot be trained quantization-aware: "
            f"{', '.join(unsupported)}. Replace them in the network, or leave "
            f"{' and '.join(trained_by('quantize'))} out of export.variants (int8 needs no "
            "training)"
        )
    scheme = Scheme(ema_decay, contract, preserve_sparsity)
    with tfmot.quantization.keras.quantize_scope():
        annotated = tfmot.quantization.keras.quantize_annotate_model(ready)
        quantized = tfmot.quantization.keras.quantize_apply(annotated, scheme)
    for layer in quantized.layers:
        if isinstance(getattr(layer, "layer", None), keras.layers.BatchNormalization):
            layer.trainable = False  # freezes statistics alone: the wrapper keeps gamma and beta
    return quantized


def prepared(model: keras.Model) -> keras.Model:
    """Copy a model into a form whose every layer has an int8 counterpart, with equal outputs.

    Dropout is off. A batch norm that follows no convolution, as in model3, becomes what it is at
    inference: a 1x1 depthwise convolution.
    """

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if _stands_alone(layer):
            return keras.layers.DepthwiseConv2D(1, name=layer.name)
        config = layer.get_config()
        if isinstance(layer, keras.layers.Dropout):
            config["rate"] = 0.0
        return layer.__class__.from_config(config)

    copied = keras.models.clone_model(model, clone_function=clone)
    for layer in model.layers:
        weights = layer.get_weights()
        if _stands_alone(layer):
            gamma, beta, mean, variance = weights
            factor = gamma / np.sqrt(variance + layer.epsilon)
            weights = [factor[None, None, :, None], beta - mean * factor]
        copied.get_layer(layer.name).set_weights(weights)
    return copied


def _stands_alone(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization) and not follows_weights(layer)


def warm_up(
    model: keras.Model,
    dataset: Dataset,
    rows: Rows,
    contract: Preprocessing,
    progress: Progress,
    *,
    steps: int,
    batch_size: int,
    seed: int,
) -> None:
    """Settle the ranges of weights and activations by forward passes; no weight moves.

    Without it a short training collapses: ranges begin at ±6 whatever the values are.

    The model is from `quantization_aware`, and changed in place; `rows` are `[n]` rows of the
    training split to draw from, `steps` forward passes.
    """
    size = contract.input_size

    @tf.function(input_signature=[tf.TensorSpec((None, size, size, 3), tf.float32)])
    def forward(images: tf.Tensor) -> None:
        model(images, training=True)

    generator = np.random.default_rng(seed)
    with progress.track("settling int8 ranges", steps, "steps") as task:
        for _ in range(steps):
            chosen = np.sort(generator.choice(rows, min(batch_size, len(rows)), replace=False))
            forward(scale(dataset.images(chosen), contract))
            task.advance()


def agreement(first: Scores, second: Scores, thresholds: Scores) -> float:
    """Compare the decisions that two models take in favour of a tag.

    Both are `[images, tags]`, thresholds `[tags]`; a score from there on is a decision in
    favour.

    Returns:
        Of the cells that either decides in favour of, the share that both do (Jaccard index);
        1 where neither ever does. Unlike the share of equal decisions it falls to 0 when a
        model is broken and the tags are rare.
    """
    decisions = (scores.ravel() for scores in (first >= thresholds, second >= thresholds))
    return float(jaccard_score(*decisions, zero_division=1.0))


def load_quantized(recipe: Recipe, workspace: Workspace, variant: Variant) -> keras.Model:
    """Rebuild a model that the quantize stage has trained, ready for the TFLite converter.

    Returns:
        From `image`, float32 scaled by the contract, to `scores`. Its input's range is the
        contract's, so that a converted uint8 input takes the pixels as they are.

    Raises:
        InputError: The weights are missing, damaged or of another recipe.
    """
    model = build_quantized(recipe, widths_of(workspace, variant))
    load_weights(model, workspace.quantize / f"{variant}.npz")
    return model


def build_quantized(recipe: Recipe, widths: Mapping[str, int]) -> keras.Model:
    """Build the model of `load_quantized`, which takes seconds, with weights of no training."""
    network = build_untrained(recipe.network, len(recipe.data.vocabulary()))
    return quantization_aware(
        with_widths(network, widths),
        recipe.network.preprocessing(),
        ema_decay=recipe.quantization.ema_decay,
        preserve_sparsity=False,  # zeros are in the weights by now and nothing moves them
    )
