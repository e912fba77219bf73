"""Quantization-aware training: the model that simulates int8, and the warm-up of its ranges."""

from collections.abc import Mapping

import numpy as np

from edgetag.catalogue.variants import trained_by
from edgetag.compression.channels import with_widths
from edgetag.compression.folding import folded
from edgetag.compression.rounding import set_weight_ranges
from edgetag.compression.schemes import Scheme, unsupported_layers
from edgetag.compression.tfmot import tfmot
from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.networks import build_untrained
from edgetag.preprocess import Preprocessing, scale
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.tf import keras, tf


def quantization_aware(
    model: keras.Model, contract: Preprocessing, *, ema_decay: float
) -> keras.Model:
    """Return a copy that simulates int8 inference and can be trained and converted.

    Batch norm is folded into the weights, as TFLite does it, and dropout is left out: it would
    widen the ranges. The input's range is the contract's and never moves; those of weights fit
    the model's, and stay.

    The model is left as it is. A step of training keeps `ema_decay` of an activation's old range.

    Raises:
        InputError: A layer cannot be quantized; all such layers are named.
    """
    if unsupported := unsupported_layers(model):
        raise InputError(
            f"{model.name}: these layers cannot be trained quantization-aware: "
            f"{', '.join(unsupported)}. Replace them in the network, or leave "
            f"{' and '.join(trained_by('quantize'))} out of export.variants (int8 needs no "
            "training)"
        )
    with tfmot.quantization.keras.quantize_scope():
        annotated = tfmot.quantization.keras.quantize_annotate_model(folded(model))
        quantized = tfmot.quantization.keras.quantize_apply(annotated, Scheme(ema_decay, contract))
    set_weight_ranges(quantized)
    return quantized


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


def build_quantized(recipe: Recipe, widths: Mapping[str, int]) -> keras.Model:
    """Build a model that the quantize stage trains, with weights of no training; takes seconds.

    Returns:
        From `image`, float32 scaled by the contract, to `scores`. Its input's range is the
        contract's, so that a converted uint8 input takes the pixels as they are.
    """
    network = build_untrained(recipe.network, len(recipe.data.vocabulary()))
    return quantization_aware(
        with_widths(network, widths),
        recipe.network.preprocessing(),
        ema_decay=recipe.quantization.ema_decay,
    )
