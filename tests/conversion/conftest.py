"""A network small enough to convert in a second, and every variant of it, converted once."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.conversion.representative import with_full_range
from edgetag.preprocess import Pixels, Preprocessing, preprocess, scale
from edgetag.tags import Vocabulary

TAGS = ("cat", "food", "vehicle", "person", "眼鏡")
SIZE = 64
PHOTOS = ("chelsea.png", "coffee.png", "motorcycle_left.png", "astronaut.png", "rocket.jpg")


@pytest.fixture(scope="session")
def contract() -> Preprocessing:
    return Preprocessing(input_size=SIZE)


@pytest.fixture(scope="session")
def photos(contract: Preprocessing) -> Pixels:
    """Real photos, letterboxed: `[5, 64, 64, 3]` uint8."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    return np.stack([preprocess(folder / name, contract) for name in PHOTOS])


@pytest.fixture(scope="session")
def info(contract: Preprocessing) -> ModelInfo:
    return ModelInfo(
        name="tiny",
        description="A network for tests.",
        author="edgetag",
        license="Apache-2.0",
        vocabulary=Vocabulary(TAGS),
        contract=contract,
    )


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


@pytest.fixture(scope="session")
def tiny() -> Any:
    return build_tiny()


def prune_in_place(model: Any, share: float) -> None:
    """Set the smallest weights of the inner convolutions to zero."""
    for name in ("block1", "block2"):
        (kernel,) = model.get_layer(name).get_weights()
        limit = np.quantile(np.abs(kernel), share)
        model.get_layer(name).set_weights([np.where(np.abs(kernel) < limit, 0, kernel)])


def quantize_aware(
    model: Any, images: npt.NDArray[np.float32], preserve_zeros: bool = False
) -> Any:
    """Apply tfmot's fake quantization, settle its ranges and pin the input's to the bytes'."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tfmot is older than what it imports
        import tensorflow_model_optimization as tfmot

        quantize = tfmot.quantization.keras
        scheme = [tfmot.experimental.combine.Default8BitPrunePreserveQuantizeScheme()]
        annotated = quantize.quantize_annotate_model(model)
        aware = quantize.quantize_apply(annotated, *(scheme if preserve_zeros else []))
    for _ in range(300):
        aware(images, training=True)
    for variable in aware.weights:
        if variable.name.startswith("quantize_layer/"):
            if variable.name.endswith("_min:0"):
                variable.assign(-127 / 128)
            if variable.name.endswith("_max:0"):
                variable.assign(1.0)
    return aware


@pytest.fixture(scope="session")
def aware(tiny: Any, photos: Pixels, contract: Preprocessing) -> Any:
    """The tiny network, quantization-aware."""
    return quantize_aware(tiny, scale(photos, contract))


@pytest.fixture(scope="session")
def exported(
    tiny: Any,
    aware: Any,
    photos: Pixels,
    contract: Preprocessing,
    info: ModelInfo,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """Return the file of a variant, converted when first asked for."""
    from edgetag.conversion.convert import convert

    folder = tmp_path_factory.mktemp("exported")

    def export(variant: str) -> Path:
        path = folder / f"{variant}.tflite"
        if not path.exists():
            data = convert(
                aware if variant == "int8-qat" else tiny,
                variant,  # type: ignore[arg-type]
                contract,
                representative=with_full_range(photos),
            )
            path.write_bytes(attach(data, info))
        return path

    return export
