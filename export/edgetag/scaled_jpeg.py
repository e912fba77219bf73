"""JPEG files decoded at a fraction of their size, which is faster and not the contract.

libjpeg can leave out what a smaller picture does not need: a block of 8 x 8 pixels becomes 4 x 4,
2 x 2 or 1 (`Image.draft`). The pixels then differ a little from those of the contract, so
nothing here is used unless it is asked for; `explaining` measures what it costs in tags.
"""

from dataclasses import dataclass

from PIL import Image

from edgetag.contract import Preprocessing
from edgetag.preprocess import (
    MAX_PIXELS,
    content_box,
    flatten,
    opened,
    orientation_of,
    require_pixels,
)

SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations of files that store a picture's rows as columns."""

LEAST = 2
"""A decoded picture keeps at least so many times the pixels a side that the input has of it."""


@dataclass(frozen=True)
class ScaledPicture:
    """A picture shrunk to its place in the input.

    Attributes:
        image: RGB, as large as the picture's place in the input square.
        size: Width and height of the picture itself, upright, in pixels.
        fraction: 1 where it was decoded whole, else 2, 4 or 8: the pixels a side that became one.
    """

    image: Image.Image
    size: tuple[int, int]
    fraction: int


def read_scaled(
    data: bytes, contract: Preprocessing, max_pixels: int = MAX_PIXELS, least: int = LEAST
) -> ScaledPicture:
    """Read a picture; a JPEG file with more pixels than needed is decoded at a fraction.

    Any other picture has the contract's pixels.

    Args:
        data: A file's bytes.
        contract: Gives size and filter.
        max_pixels: A picture whose header claims more is refused before it is decoded.
        least: See `LEAST`.

    Raises:
        ImageRejectedError: The bytes are no whole picture of a known format, or too large.
    """
    resampling = Image.Resampling[contract.filter.upper()]
    with opened(data) as image:
        require_pixels(image, max_pixels)
        size = image.size[::-1] if orientation_of(image) in SIDEWAYS else image.size
        width, inner = image.width, _inner_size(image.size, contract)
        # Other formats answer None.
        drafted = image.draft(None, (inner[0] * least, inner[1] * least))
        fraction = round(width / drafted[1][2]) if drafted else 1
        if drafted and fraction > 1:
            # The last row and column stand for fewer pixels than the others; the box says so.
            shrunk = image.convert("RGB").resize(inner, resampling, box=drafted[1])
            return ScaledPicture(flatten(shrunk, contract), size, fraction)
        whole = flatten(image, contract, max_pixels)
    inner = _inner_size(whole.size, contract)
    return ScaledPicture(whole.resize(inner, resampling), whole.size, 1)


def _inner_size(size: tuple[int, int], contract: Preprocessing) -> tuple[int, int]:
    left, top, right, bottom = content_box(size, contract)
    return right - left, bottom - top
