"""Pictures in any shape that a caller has, as the square that a model takes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgetag.errors import InputError
from edgetag.preprocess import (
    MAX_PIXELS,
    ImageRejectedError,
    Pixels,
    Preprocessing,
    Rejection,
    content_box,
    flatten,
    letterbox,
    read_image,
)
from edgetag.scaled_jpeg import read_scaled
from edgetag.tagging.errors import PictureError
from edgetag.tagging.results import Box
from edgetag.userfiles import read_file

Picture = Path | str | bytes | Image.Image | npt.NDArray[np.uint8]
"""A file by its path, the bytes of one, an image of Pillow, or pixels: `[height, width]` grey,
`[height, width, 3]` RGB or `[height, width, 4]` RGBA, uint8."""

MOST_BYTES = 67_108_864
"""Most bytes of a picture's file, as `data.max_file_bytes` has by default."""

CHANNELS = (3, 4)


@dataclass(frozen=True, eq=False)
class Square:
    """A picture as a model takes it.

    `pixels` are `[size, size, 3]` uint8; `content` is where the picture lies in it, `size` that
    of the picture itself, upright.
    """

    pixels: Pixels
    content: Box
    size: tuple[int, int]


def read_square(
    picture: Picture,
    contract: Preprocessing,
    max_pixels: int = MAX_PIXELS,
    *,
    scaled_jpeg: bool = False,
) -> Square:
    """Return a picture as the model's square.

    Args:
        picture: See `Picture`.
        contract: How it becomes the square.
        max_pixels: A larger picture is refused before it is decoded.
        scaled_jpeg: Decode large JPEG files at a fraction of their size, against the contract.

    Raises:
        PictureError: It is no whole picture of a known format, or too large.
    """
    try:
        if isinstance(picture, str | Path):
            picture = _file(Path(picture))
        if scaled_jpeg and isinstance(picture, bytes):
            scaled = read_scaled(picture, contract, max_pixels)
            image, size = scaled.image, scaled.size
        else:
            image = _image(picture, contract, max_pixels)
            size = image.size
    except ImageRejectedError as error:
        raise PictureError.of(error) from None
    return Square(letterbox(image, contract), content_box(size, contract), size)


def _image(
    picture: bytes | Image.Image | npt.NDArray[np.uint8], contract: Preprocessing, max_pixels: int
) -> Image.Image:
    if isinstance(picture, bytes):
        return read_image(picture, contract, max_pixels)
    if isinstance(picture, np.ndarray):
        picture = _of_array(picture)
    try:
        return flatten(picture, contract, max_pixels)
    except ImageRejectedError:
        raise
    except Exception as error:  # an image that is not decoded yet may be damaged in any way
        detail = str(error) or type(error).__name__
        raise ImageRejectedError(Rejection.UNREADABLE, detail) from None


def read_bytes(path: Path) -> bytes:
    """Return a picture's file.

    Raises:
        PictureError: It is missing, no file, or larger than a picture can be.
    """
    try:
        return _file(path)
    except ImageRejectedError as error:
        raise PictureError.of(error) from None


def _file(path: Path) -> bytes:
    try:
        return read_file(path, "picture", MOST_BYTES)
    except FileNotFoundError:
        raise ImageRejectedError(Rejection.MISSING, f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        detail = getattr(error, "strerror", None) or str(error)
        raise ImageRejectedError(Rejection.UNREADABLE, f"{path}: {detail}") from None
    except InputError as error:
        raise ImageRejectedError(Rejection.UNREADABLE, str(error)) from None


def _of_array(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    shape = pixels.shape
    fits = len(shape) == 2 or (len(shape) == 3 and shape[2] in CHANNELS)
    if pixels.dtype != np.uint8 or not fits or 0 in shape:
        raise ImageRejectedError(
            Rejection.UNREADABLE,
            f"an array {pixels.dtype} {list(shape)}; expected uint8 [height, width, 3] in RGB, "
            "[height, width, 4] in RGBA or [height, width] in grey",
        )
    return Image.fromarray(pixels)
