"""A CAM network of three convolutions, small enough to convert in a second."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.preprocess import Preprocessing

TAGS = ("cat", "food", "vehicle", "person", "眼鏡")
SIZE = 64


def build_tiny(seed: int = 1) -> Any:
    """Build a CAM network of three convolutions whose scores spread over 0..1."""
    from edgetag.tf import keras

    keras.utils.set_random_seed(seed)
    layers = keras.layers
    x = image = keras.Input((SIZE, SIZE, 3), name="image")
    for block, channels in enumerate((8, 16, 24)):
        name = f"block{block}"
        x = layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False, name=name)(x)
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        x = layers.ReLU(6.0, name=f"{name}_relu")(x)
    x = layers.Conv2D(len(TAGS), 1, name="cam")(x)
    x = layers.GlobalAveragePooling2D(name="logits")(x)
    model = keras.Model(image, layers.Activation("sigmoid", name="scores")(x), name="tiny")
    kernel, bias = model.get_layer("cam").get_weights()
    model.get_layer("cam").set_weights([kernel * 20, bias])
    return model


def prune_in_place(model: Any, share: float) -> None:
    """Set the smallest weights of the inner convolutions to zero."""
    for name in ("block1", "block2"):
        (kernel,) = model.get_layer(name).get_weights()
        limit = np.quantile(np.abs(kernel), share)
        model.get_layer(name).set_weights([np.where(np.abs(kernel) < limit, 0, kernel)])


def quantize_aware(
    model: Any, images: npt.NDArray[np.float32], preserve_zeros: bool = False
) -> Any:
    """Apply tfmot's fake quantization, move its ranges once and pin the input's to the bytes'."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tfmot is older than what it imports
        import tensorflow_model_optimization as tfmot

        quantize = tfmot.quantization.keras
        scheme = [tfmot.experimental.combine.Default8BitPrunePreserveQuantizeScheme()]
        annotated = quantize.quantize_annotate_model(model)
        aware = quantize.quantize_apply(annotated, *(scheme if preserve_zeros else []))
    aware(images, training=True)
    for variable in aware.weights:
        if variable.name.startswith("quantize_layer"):
            if variable.name.endswith("_min:0"):
                variable.assign(-127 / 128)
            if variable.name.endswith("_max:0"):
                variable.assign(1.0)
    return aware


def convert_model(model: Any, variant: Any, contract: Preprocessing, **options: Any) -> bytes:
    """Save a model and convert it; `options` are those of `convert`."""
    from edgetag.conversion.convert import convert, saved

    with saved(model) as on_disk:
        return convert(on_disk, variant, contract, **options)
