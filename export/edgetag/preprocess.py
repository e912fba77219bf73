"""The one contract from image bytes to model input.

Decode, apply the EXIF orientation, put the picture over the contract's background, letterbox it
to a square, scale. The contract is data (`contract`, JSON in the bundle); this module is its
one implementation in Python, and other implementations are checked against it bit for bit at the
uint8 stage.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from edgetag.contract import Preprocessing
from edgetag.pixels import Pixels, scale
from edgetag.whole_files import require_whole

__all__ = [
    "FORMATS",
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "ImageRejectedError",
    "Pixels",
    "Preprocessing",
    "Rejection",
    "content_box",
    "eight_bits",
    "exif_of",
    "flatten",
    "letterbox",
    "opened",
    "orientation_of",
    "preprocess",
    "read_image",
    "require_pixels",
    "scale",
    "upright",
]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Formats that are decoded, as Pillow names them; phones decode these too."""

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"})
"""How names of files in these formats end, in lower case."""

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
    with opened(source) as image:
        return flatten(image, contract, max_pixels)


@contextmanager
def opened(source: Path | bytes) -> Iterator[Image.Image]:
    """Open one picture, whose pixels are decoded when they are first asked for.

    What decoding raises within the block becomes an `ImageRejectedError`.

    Args:
        source: A file or its bytes.

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
                require_whole(image, data)
                _widen_transparency(image)
                yield image
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


def _widen_transparency(image: ImageFile.ImageFile) -> None:
    """Make the transparent grey of a PNG of 2 or 4 bits one of 8, as Pillow makes its pixels."""
    grey = image.info.get("transparency")
    if image.format == "PNG" and image.mode == "L" and isinstance(grey, int):
        image.info["transparency"] = grey * {"L;2": 85, "L;4": 17}.get(str(image.tile[0].args), 1)


def flatten(
    image: Image.Image, contract: Preprocessing, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """Return an opened picture as the contract wants it: upright, RGB over the background.

    Args:
        image: Its pixels may still be undecoded; what decoding raises is passed on.
        contract: Gives the background.
        max_pixels: A larger picture is refused before it is decoded.

    Raises:
        ImageRejectedError: It is too large.
    """
    require_pixels(image, max_pixels)
    image.load()
    return _over_background(upright(image), contract.background)


def require_pixels(image: Image.Image, max_pixels: int) -> None:
    """Refuse a picture that is too large, by its header.

    Raises:
        ImageRejectedError: It is.
    """
    width, height = image.size
    if width * height > max_pixels:
        raise ImageRejectedError(
            Rejection.TOO_LARGE, f"{width}x{height} is over {max_pixels} pixels"
        )


_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (EXIF 2.32, tag 0x0112); 1 needs nothing."""


def exif_of(image: Image.Image) -> Image.Exif:
    """Return the EXIF of an opened picture; an empty one where it has none, or a damaged one.

    `Image.getexif` would also take the orientation from XMP and from text in PNG, which the
    contract does not know and apps do not read.
    """
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
    except Exception:  # Pillow's parser raises almost anything; damaged metadata says nothing
        return Image.Exif()
    return exif


def orientation_of(image: Image.Image) -> int | None:
    """Return the EXIF orientation of an opened picture; None where it says no whole number."""
    try:
        value = exif_of(image).get(ExifTags.Base.Orientation)
    except Exception:  # a value is parsed when it is asked for
        return None
    return value if isinstance(value, int) else None


def upright(image: Image.Image) -> Image.Image:
    """Return an opened picture turned as its EXIF says; once turned it has none that says so."""
    orientation = orientation_of(image)
    if orientation not in _TO_UPRIGHT:
        return image
    turned = image.transpose(_TO_UPRIGHT[orientation])
    turned.info.pop("exif", None)
    return turned


def _over_background(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    image = eight_bits(image)
    if image.mode == "RGB":
        return image
    base = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(base, image).convert("RGB")


def eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture in any of Pillow's modes as RGB, or as RGBA where it may be transparent."""
    transparent = "transparency" in image.info
    if image.format == "GIF" and not transparent:
        # An attribute of Pillow's class for GIF, whose module takes 7 ms to import.
        return _with_surroundings(image, getattr(image, "dispose_extent", (0, 0, *image.size)))
    if image.mode == "RGB" and not transparent:
        return image
    if image.mode.startswith("I"):
        # 16-bit grey keeps its high byte, as the contract says; Pillow's conversion clips at 255.
        grey = np.asarray(image).astype(np.uint32)
        rgb = np.repeat((grey >> 8).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
        if not transparent:
            return Image.fromarray(rgb)
        opaque = np.where(grey == image.info["transparency"], 0, 255).astype(np.uint8)
        return Image.fromarray(np.dstack([rgb, opaque]))
    if transparent or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        return image.convert("RGBA")
    return image.convert("RGB")


def _with_surroundings(image: Image.Image, extent: tuple[int, int, int, int]) -> Image.Image:
    """Return an opaque frame as RGB; as RGBA where its extent is not the whole picture.

    Around it Pillow gives the first colour of the palette, phones and browsers nothing.
    """
    frame = image.convert("RGB")
    if extent == (0, 0, *image.size):
        return frame
    surrounded = Image.new("RGBA", image.size)
    surrounded.paste(frame.crop(extent), extent)
    return surrounded


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


def preprocess(
    source: Path | bytes, contract: Preprocessing, max_pixels: int = MAX_PIXELS
) -> Pixels:
    """Decode and letterbox one picture; see `read_image` and `letterbox`."""
    return letterbox(read_image(source, contract, max_pixels), contract)
