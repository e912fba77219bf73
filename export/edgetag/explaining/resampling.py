"""What apps do instead of the contract's resampling, each as its libraries do it."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgetag.preprocess import Pixels, Preprocessing, content_box

Fractions = npt.NDArray[np.float32]


def plain_bilinear(image: Image.Image, width: int, height: int) -> Pixels:
    """Resize by the four nearest pixels, whatever the factor, without antialiasing.

    As OpenCV's INTER_LINEAR and Android's `Bitmap.createScaledBitmap(…, filter = true)` do it: a
    pixel's centre lies at its middle, `source = (target + 0.5) · factor - 0.5`, and the border
    repeats. Shrunk to less than half, most of the picture is never looked at.

    Returns:
        `[height, width, 3]` uint8.
    """
    source = np.asarray(image)
    top, bottom, down = _neighbours(source.shape[0], height)
    left, right, across = _neighbours(source.shape[1], width)
    upper = _between(source[np.ix_(top, left)], source[np.ix_(top, right)], across[None, :, None])
    lower = _between(
        source[np.ix_(bottom, left)], source[np.ix_(bottom, right)], across[None, :, None]
    )
    return np.floor(_between(upper, lower, down[:, None, None]) + 0.5).astype(np.uint8)


def _neighbours(
    source: int, target: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Fractions]:
    """Return each target pixel's two source pixels along a side, and the second one's weight."""
    place = (np.arange(target) + 0.5) * (source / target) - 0.5
    place = place.clip(0, source - 1)
    first = np.floor(place).astype(np.int64)
    second = np.minimum(first + 1, source - 1)
    return first, second, (place - first).astype(np.float32)


def _between(
    first: npt.NDArray[np.generic], second: npt.NDArray[np.generic], weight: Fractions
) -> Fractions:
    a, b = first.astype(np.float32), second.astype(np.float32)
    return a + (b - a) * weight


def through_jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Return pixels after JPEG of a quality from 1 to 95, with 4:2:0 chroma as cameras use it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(buffer, formats=("JPEG",)) as image:
        return np.asarray(image.convert("RGB"))


def place(content: Pixels, contract: Preprocessing) -> Pixels:
    """Put a picture that is as long as the input square into it, as the contract says.

    Args:
        content: `[height, width, 3]`, the longer side equal to the input size.
        contract: Gives anchor and fill.
    """
    height, width = content.shape[:2]
    left, top, right, bottom = content_box((width, height), contract)
    square = np.empty((contract.input_size, contract.input_size, 3), dtype=np.uint8)
    square[:] = contract.fill
    square[top:bottom, left:right] = content
    return square
