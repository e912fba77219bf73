"""Pixels as arrays, and the last step of preprocessing, which needs no decoder.

Apart from `preprocess`, so that a process that runs a model needs numpy and pydantic alone: on an
emulated or another machine nothing more has to be there.
"""

import numpy as np
import numpy.typing as npt

from edgetag.contract import Preprocessing

Pixels = npt.NDArray[np.uint8]
"""RGB pixels `[height, width, 3]` or a batch `[images, height, width, 3]`."""


def scale(pixels: Pixels, contract: Preprocessing) -> npt.NDArray[np.float32]:
    """Return `(pixels - mean) / std` as float32 of the same shape."""
    return (pixels.astype(np.float32) - np.float32(contract.mean)) / np.float32(contract.std)
