"""Pixels as arrays, and the last step of preprocessing, which needs no decoder.

Apart from `preprocess`, so that a process that runs a model needs numpy alone: on an emulated or
another machine nothing more has to be there.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""RGB pixels `[height, width, 3]` or a batch `[images, height, width, 3]`."""


class Normalized(Protocol):
    """Whatever says how pixels become a float input: a contract, or its last step alone."""

    @property
    def mean(self) -> float:
        """Subtracted from each uint8 value."""

    @property
    def std(self) -> float:
        """Divides the difference."""


@dataclass(frozen=True)
class Normalization:
    """The last step of a contract, all that a process needs which is given pixels."""

    mean: float
    std: float

    @classmethod
    def of(cls, contract: Normalized) -> Self:
        """Return a contract's."""
        return cls(contract.mean, contract.std)


def scale(pixels: Pixels, contract: Normalized) -> npt.NDArray[np.float32]:
    """Return `(pixels - mean) / std` as float32 of the same shape."""
    return (pixels.astype(np.float32) - np.float32(contract.mean)) / np.float32(contract.std)
