"""The one contract from image bytes to model input.

Decode, apply the EXIF orientation, put the picture over the contract's background, letterbox it
to a square, scale. The contract is data (JSON in the bundle); this module is its one
implementation in Python, and other implementations are checked against it bit for bit at the
uint8 stage.
"""

import hashlib
import io
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import Field

from edgetag.records import Record

Pixels = npt.NDArray[np.uint8]
"""RGB pixels `[height, width, 3]` or a batch `[images, height, width, 3]`."""

Byte = Field(ge=0, le=255)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that are decoded, as Pillow names them; phones decode these too."""

MAX_PIXELS = 50_000_000
"""Default limit on width × height before decoding: 150 MB of RGB."""


class Rejection(StrEnum):
    """Why an image was not decoded."""

    MISSING = "missing"
    OUTSIDE_ROOT = "outside the data root"
    TOO_LARGE = "too large"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"


class ImageRejectedError(Exception):
    """An image that cannot be used, with the reason."""

    def __init__(self, reason: Rejection, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Preprocessing(Record):
    """What turns an image file into the model's input.

    Attributes:
        input_size: Height and width of the input, in pixels.
        anchor: Where the picture lies in the square.
        fill: RGB of the bars beside the picture.
        background: RGB under transparent pixels.
        filter: Pillow's resampling filter; `bilinear` there averages over the whole footprint
            when it shrinks (antialiasing).
        mean: Subtracted from each uint8 value.
        std: Divides the difference; the model's float input is `(pixel - mean) / std`.
    """

    input_size: int = Field(ge=32, le=1024)
    color_space: Literal["RGB"] = "RGB"
    anchor: Literal["center", "top_left"] = "center"
    fill: tuple[int, int, int] = (0, 0, 0)
    background: tuple[int, int, int] = (255, 255, 255)
    filter: Literal["bilinear", "bicubic", "box", "lanczos", "nearest"] = "bilinear"
    mean: float = 127.0
    std: float = Field(default=128.0, gt=0)

    def digest(self) -> str:
        """Return the SHA-256 of the contract's JSON."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def read_image(
    source: Path | bytes, contract: Preprocessing, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """Decode one picture: first frame, upright, RGB over the background.

    Args:
        source: A file or its bytes.
        contract: Gives the background.
        max_pixels: A picture whose header claims more is refused before it is decoded.

    Raises:
        ImageRejectedError: The bytes are no whole picture of a known format, or too large.
    """
    try:
        data = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        reason = Rejection.MISSING if isinstance(error, FileNotFoundError) else Rejection.UNREADABLE
        raise ImageRejectedError(reason, error.strerror or str(error)) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata is not damage to the picture
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise ImageRejectedError(
                        Rejection.TOO_LARGE, f"{width}x{height} is over {max_pixels} pixels"
                    )
                image.load()
                return _over_background(ImageOps.exif_transpose(image), contract.background)
    except ImageRejectedError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ImageRejectedError(Rejection.TOO_LARGE, str(error)) from None
    except UnidentifiedImageError:
        detail = f"not one of {', '.join(FORMATS)}" if data else "the file is empty"
        raise ImageRejectedError(Rejection.UNREADABLE, detail) from None
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        truncated = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = Rejection.TRUNCATED if truncated else Rejection.UNREADABLE
        raise ImageRejectedError(reason, str(error) or type(error).__name__) from None


def _over_background(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "I;16" or image.mode.startswith("I"):
        # 16-bit grey: keep the high byte; Pillow's own conversion clips at 255.
        grey = np.asarray(image).astype(np.uint32)
        return Image.fromarray((grey >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        rgba = image.convert("RGBA")
        base = Image.new("RGBA", rgba.size, (*background, 255))
        return Image.alpha_composite(base, rgba).convert("RGB")
    return image.convert("RGB")


def letterbox(image: Image.Image, contract: Preprocessing) -> Pixels:
    """Fit a picture into the input square, keeping its aspect ratio.

    The longer side becomes `input_size`; the shorter is rounded half up and at least 1.

    Args:
        image: An RGB picture of any size.
        contract: Gives size, filter, anchor and fill.

    Returns:
        `[input_size, input_size, 3]` uint8.
    """
    left, top, right, bottom = content_box(image.size, contract)
    scaled = (right - left, bottom - top)
    if scaled != image.size:
        image = image.resize(scaled, Image.Resampling[contract.filter.upper()])
    square = np.empty((contract.input_size, contract.input_size, 3), dtype=np.uint8)
    square[:] = contract.fill
    square[top:bottom, left:right] = np.asarray(image)
    return square


def content_box(size: tuple[int, int], contract: Preprocessing) -> tuple[int, int, int, int]:
    """Return where a picture lies in the input square: left, top, right, bottom in pixels.

    Args:
        size: Width and height of the picture.
        contract: Gives the square and the anchor.
    """
    square = contract.input_size
    longer = max(size)
    width, height = (max(1, (2 * side * square + longer) // (2 * longer)) for side in size)
    left, top = 0, 0
    if contract.anchor == "center":
        left, top = (square - width) // 2, (square - height) // 2
    return left, top, left + width, top + height


def scale(pixels: Pixels, contract: Preprocessing) -> npt.NDArray[np.float32]:
    """Return `(pixels - mean) / std` as float32 of the same shape."""
    return (pixels.astype(np.float32) - np.float32(contract.mean)) / np.float32(contract.std)


def preprocess(
    source: Path | bytes, contract: Preprocessing, max_pixels: int = MAX_PIXELS
) -> Pixels:
    """Decode and letterbox one picture; see `read_image` and `letterbox`."""
    return letterbox(read_image(source, contract, max_pixels), contract)
