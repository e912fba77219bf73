"""Weights from a file in the layout of timm: safetensors, with names and axes of torch.

The format has no code in it, and `safetensors` checks a file's header against its size before it
reads an array. What an array is meant to be is checked here, before it is read.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from edgetag.errors import InputError
from edgetag.networks.given_weights import require_weights
from edgetag.networks.pretrained import CONVOLUTION, DEPTHWISE
from edgetag.tf import keras

NORM_PARTS = ("weight", "bias", "running_mean", "running_var")
FLOATS = {"F16", "F32"}

Array = npt.NDArray[np.float32]

SCALINGS: Mapping[str, tuple[Array, Array]] = MappingProxyType(
    {
        "imagenet": (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])),
        "inception": (np.full(3, 0.5), np.full(3, 0.5)),
    }
)
"""Mean and standard deviation by which timm scales pixels in 0..1."""


def read_timm_weights(
    model: keras.Model, path: Path, names: Mapping[str, tuple[str, str]], scaling: str
) -> None:
    """Load convolutions and their batch norms, and nothing else that the file holds.

    The first convolution is changed so that it takes pixels as the contract scales them. Where it
    pads, that is now a pixel of 127 and no longer the mean of ImageNet's: scores differ a little.

    Args:
        model: Changed in place.
        path: The file.
        names: Layer → the names of its convolution and its batch norm in the file; the first is the
            one that reads the image. A batch norm's layer ends in `_bn`.
        scaling: By which of `SCALINGS` the pixels were scaled that the weights were trained on.

    Raises:
        InputError: The file is missing or damaged, or lacks an array that has the right shape.
    """
    require_weights(path)
    try:
        with safe_open(path, framework="np") as file:
            held = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            state = {
                layer: _checked(model, layer, held, *pair, path) for layer, pair in names.items()
            }
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name the file in network.weights") from None
    except SafetensorError as error:
        raise InputError(f"{path}: not a safetensors file: {error}") from None
    first = next(iter(names))
    state[first] = _on_our_pixels(*state[first], *SCALINGS[scaling])
    for layer, (kernel, norm) in state.items():
        model.get_layer(layer).set_weights([kernel])
        model.get_layer(f"{layer}_bn").set_weights(norm)


def _checked(
    model: keras.Model,
    layer: str,
    held: Mapping[str, Any],
    convolution: str,
    norm: str,
    path: Path,
) -> tuple[Array, list[Array]]:
    """Return a layer's kernel and what its batch norm holds, in the axes of Keras."""
    own = model.get_layer(layer)
    axes = DEPTHWISE if isinstance(own, keras.layers.DepthwiseConv2D) else CONVOLUTION
    wanted = [own.weights[0].shape[axes.index(axis)] for axis in range(4)]
    kernel = _array(held, f"{convolution}.weight", wanted, model.name, path)
    channels = [wanted[0]]
    parts = [_array(held, f"{norm}.{part}", channels, model.name, path) for part in NORM_PARTS]
    return kernel.transpose(axes), parts


def _array(held: Mapping[str, Any], name: str, shape: list[int], network: str, path: Path) -> Array:
    wrong = f"{path}: {name}: "
    hint = f"; the file must be timm's of {network}"
    if name not in held:
        raise InputError(f"{wrong}missing{hint}")
    array = held[name]
    if array.get_shape() != shape:
        raise InputError(f"{wrong}its shape is {array.get_shape()} instead of {shape}{hint}")
    if array.get_dtype() not in FLOATS:
        raise InputError(f"{wrong}{array.get_dtype()} numbers; save it as float32")
    values = np.asarray(array[:], dtype=np.float32)
    if not np.isfinite(values).all():
        raise InputError(f"{wrong}some of its numbers are not finite; get the file again")
    return values


def _on_our_pixels(
    kernel: Array, norm: list[Array], mean: Array, std: Array
) -> tuple[Array, list[Array]]:
    """Return the first convolution and its batch norm for pixels as the contract scales them.

    timm's are `factor * ours + offset`; a batch norm's mean takes what the offset adds.
    """
    factor, offset = 128 / 255 / std, (127 / 255 - mean) / std
    scale, shift, moving_mean, variance = norm
    added = (kernel * offset[:, None]).sum(axis=(0, 1, 2))
    return kernel * factor[:, None], [scale, shift, moving_mean - added, variance]
