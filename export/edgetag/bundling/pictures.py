"""Golden pictures: their own bytes, and the pixels that a model sees of them."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image

from edgetag.bundling.contents import MOST_PICTURE_BYTES, MOST_PICTURES, GoldenPicture
from edgetag.errors import InputError
from edgetag.preprocess import (
    FORMATS,
    ImageRejectedError,
    Pixels,
    Preprocessing,
    flatten,
    letterbox,
    opened,
)

SUFFIXES = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "WEBP": "webp", "GIF": "gif", "BMP": "bmp"}
"""MPO is a JPEG file with more pictures behind the first, as phones write them."""

ALIKE = ("PNG", "GIF")
"""Formats that every decoder reads alike, unless a picture asks for colour management. BMP is none:
colours of 5 bits are rounded in two ways, and old headers read in several."""

ALIKE_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
"""Pillow's modes of at most 8 bits a channel; decoders cut 16 bits differently."""

_XMP_PLACE = "GPSLatitude"
_PLACE = tuple(_XMP_PLACE.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
"""What XMP has, which is text, where it tells of a place."""


@dataclass(frozen=True, eq=False)
class Source:
    """A picture that is shipped.

    Its size is in pixels, upright; `pixels` are `[size, size, 3]` uint8, letterboxed. With
    `lossless` every decoder gives the same pixels.
    """

    data: bytes
    suffix: str
    width: int
    height: int
    lossless: bool
    pixels: Pixels

    def named(self, number: int) -> GoldenPicture:
        """Return what `golden.json` says about it.

        Args:
            number: Its place among the golden pictures.
        """
        return GoldenPicture(
            file=f"golden-{number:02d}.{self.suffix}",
            width=self.width,
            height=self.height,
            lossless=self.lossless,
        )


def read_source(data: bytes, contract: Preprocessing) -> Source:
    """Decode a picture as the contract says.

    Raises:
        ImageRejectedError: It cannot be decoded, or is too large.
    """
    with opened(data) as stored:
        kind = stored.format or ""
        alike = (
            kind in ALIKE
            and stored.mode in ALIKE_MODES
            and not {"icc_profile", "gamma"} & set(stored.info)
        )
        image = flatten(stored, contract)
    return Source(
        data, SUFFIXES[kind], image.width, image.height, alike, letterbox(image, contract)
    )


def tells_place(data: bytes) -> bool:
    """Whether a picture's file says where it was taken, or may: by damaged EXIF nobody can tell."""
    if any(place in data for place in _PLACE):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _text_tells_place(image) or _exif_tells_place(image)
    except Exception:  # Pillow's parser raises almost anything
        return True


def _text_tells_place(image: Image.Image) -> bool:
    """Look into what PNG compresses: XMP, and what ImageMagick writes as text in hex."""
    if image.format != "PNG":
        return False
    image.load()  # text may lie behind the pixels
    texts = ["".join(text.split()).lower() for text in image.info.values() if isinstance(text, str)]
    wanted = (_XMP_PLACE.lower(), _XMP_PLACE.encode().hex())
    return any(place in text for text in texts for place in wanted)


def _exif_tells_place(image: Image.Image) -> bool:
    """Look into the EXIF of each picture that phones put behind the first, too."""
    for number in range(getattr(image, "n_frames", 1) if image.format == "MPO" else 1):
        image.seek(number)
        if image.getexif().get_ifd(ExifTags.IFD.GPSInfo):
            return True
    return False


def as_png(image: Image.Image) -> bytes:
    """Return an RGB picture as PNG: what is cut out of a picture has no file of its own."""
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def read_folder(folder: Path, contract: Preprocessing) -> tuple[Source, ...]:
    """Read the pictures that a user gives, in the order of their names.

    Raises:
        InputError: There are none or too many, or one cannot be shipped or decoded.
    """
    try:
        files = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror}; bundle.golden_pictures names a folder"
        ) from None
    if not 1 <= len(files) <= MOST_PICTURES:
        raise InputError(
            f"{folder}: {len(files)} files; bundle.golden_pictures takes 1 to {MOST_PICTURES} "
            "pictures"
        )
    return tuple(_read(path, contract) for path in files)


def _read(path: Path, contract: Preprocessing) -> Source:
    try:
        if not path.is_file():
            raise InputError(f"{path}: not a file; bundle.golden_pictures takes pictures alone")
        if path.stat().st_size > MOST_PICTURE_BYTES:
            raise InputError(
                f"{path}: over {MOST_PICTURE_BYTES} bytes, and every app would carry it; make it "
                "smaller"
            )
        return read_source(path.read_bytes(), contract)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ImageRejectedError as error:
        raise InputError(f"{path}: {error}; every file in this folder must be a picture") from None
