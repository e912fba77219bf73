"""Weights and a picture that a formula makes, the same for timm and for edgetag.

It needs numpy alone, since timm runs in an environment of its own: tests/timm_reference.py.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

SIZE = 64
"""Height and width of the picture."""

Array = npt.NDArray[np.float32]


def made_array(name: str, shape: tuple[int, ...]) -> Array:
    """Return what an array of timm's is set to, by its name."""
    generator: Any = np.random.default_rng(zlib.crc32(name.encode()))
    if len(shape) > 1:
        values = generator.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:]))
    elif name.endswith(("running_var", "weight")):
        values = generator.uniform(0.5, 1.5, shape)
    else:
        values = generator.normal(size=shape) * 0.2
    return np.asarray(values, dtype=np.float32)


def made_picture() -> Array:
    """Return an input of networks, `[1, size, size, 3]`, as if scaled."""
    return np.random.default_rng(4).normal(size=(1, SIZE, SIZE, 3)).astype(np.float32)


def made_weights(shapes: Mapping[str, Sequence[int]]) -> dict[str, Array]:
    """Return all arrays of a network, by its names and shapes."""
    return {name: made_array(name, tuple(shape)) for name, shape in shapes.items()}
