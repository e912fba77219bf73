"""Decodes a picture whole, upright and with its alpha, and writes it in its own format."""

import io
from dataclasses import dataclass
from typing import Literal

from PIL import ExifTags, Image

from edgetag.errors import InputError
from edgetag.preprocess import (
    MAX_PIXELS,
    ImageRejectedError,
    eight_bits,
    exif_of,
    opened,
    orientation_of,
    require_pixels,
    upright,
)
from edgetag.tagging.errors import PictureError

Exif = Literal["no-gps", "keep", "strip"]
"""no-gps: all but where it was taken, and what may repeat that (XMP, IPTC, the maker's notes).
Small copies of the picture are left out, and what is too damaged or large to be written anew."""

JPEG_QUALITY = 92
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
"""Formats that are written; any other becomes PNG."""

ON_ITS_SIDE = (5, 6, 7, 8)
"""Values of EXIF's orientation of pictures whose width is their height when they are upright."""

MAKER_NOTE = 0x927C
"""EXIF tag whose layout is each maker's own, so that nobody can tell what it holds."""

TELLS_PLACE = (ExifTags.IFD.GPSInfo, 0x02BC, 0x83BB, 0x8649)
"""EXIF tags of the place, and of what may repeat it: XMP, IPTC, Photoshop's resources."""

OF_SIZE = (0x0100, 0x0101, 0xA002, 0xA003)
"""EXIF tags of width and height: those of the picture before it was turned or cropped."""

JPEG = b"\xff\xd8\xff"
"""How a small copy of the picture begins, in a maker's notes for one: it shows what was covered."""

MOST_JPEG_EXIF_BYTES = 65533
"""The length of a segment of JPEG has 16 bits, and counts itself."""

COLOUR_SPACE, RGB = slice(16, 20), b"RGB "
"""Where a profile says of which colours it is (ICC.1, 7.2.8), and what pixels are written as."""

MOST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
"""Most pixels of a side, by libjpeg and by the format."""

WRITTEN = {"MPO": "JPEG"}
"""A JPEG file with more behind it, such as a phone's map of what is brighter, is one without."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A picture that is to be made anew.

    Attributes:
        image: Upright, RGB or RGBA; a `Tagger` makes the same square of it as of the file.
        format: How it is written.
        exif: Its EXIF without the orientation, which is done.
        icc_profile: Its colours' profile; None where it has none, or one of other colours than RGB.
    """

    image: Image.Image
    format: str
    exif: Image.Exif
    icc_profile: bytes | None


def open_picture(
    data: bytes, max_pixels: int = MAX_PIXELS, least_size: tuple[int, int] | None = None
) -> Opened:
    """Decode a file's first picture.

    Args:
        data: The file.
        max_pixels: A larger picture is refused before it is decoded.
        least_size: Where it is given, a JPEG may be decoded at a half, a quarter or an eighth of
            its size, if its width and height, upright, keep so many pixels; that is fast.

    Raises:
        PictureError: It is no whole picture of a known format, or too large.
    """
    try:
        with opened(data) as image:
            require_pixels(image, max_pixels)
            if least_size is not None:
                turned = orientation_of(image) in ON_ITS_SIDE
                image.draft(None, least_size[::-1] if turned else least_size)
            image.load()
            exif = exif_of(image)
            exif.pop(ExifTags.Base.Orientation, None)
            kind = WRITTEN.get(str(image.format), image.format)
            written = kind if kind in SUFFIXES else "PNG"
            profile = image.info.get("icc_profile")
            of_pixels = isinstance(profile, bytes) and profile[COLOUR_SPACE] == RGB
            pixels = eight_bits(upright(image))
            # Pillow would write of it what nobody gave it: a JPEG's comment, a PNG's profile.
            pixels.info = {}
            return Opened(pixels, str(written), exif, profile if of_pixels else None)
    except ImageRejectedError as error:
        raise PictureError.of(error) from None


def encode(image: Image.Image, opened: Opened, exif: Exif = "no-gps") -> bytes:
    """Return a picture's file in the format of the one that it was made from.

    Raises:
        InputError: It is larger than the format allows.
    """
    most = MOST_SIDE.get(opened.format, max(image.size))
    if max(image.size) > most:
        raise InputError(
            f"{image.width}x{image.height}: a side of {opened.format} has at most {most} pixels"
        )
    file = io.BytesIO()
    kept = _kept(opened.exif, exif)
    if opened.format == "JPEG" and len(kept) > MOST_JPEG_EXIF_BYTES:
        kept = b""
    options: dict[str, object] = {"exif": kept}
    if opened.icc_profile and exif != "strip":
        options["icc_profile"] = opened.icc_profile
    if opened.format == "JPEG":
        image = image.convert("RGB")
        options |= {"quality": JPEG_QUALITY, "subsampling": 0}
    elif opened.format == "WEBP":
        options |= {"quality": JPEG_QUALITY, "method": 4}
    image.save(file, opened.format, **options)
    return file.getvalue()


def _kept(original: Image.Exif, exif: Exif) -> bytes:
    if exif == "strip":
        return b""
    try:
        kept = Image.Exif()
        kept.load(_bytes_of(original))
        inner = kept.get_ifd(ExifTags.IFD.Exif)
        for part in (kept, inner):
            of_place = (*TELLS_PLACE, MAKER_NOTE) if exif == "no-gps" else ()
            small = [tag for tag, value in part.items() if _holds_jpeg(value)]
            for tag in (*of_place, *OF_SIZE, *small):
                part.pop(tag, None)
        return _bytes_of(kept)
    except Exception:  # Pillow writes what it has read of damaged EXIF, and raises almost anything
        return b""


class _AsRead(str):
    """Text of EXIF, which Pillow reads as Latin-1, whatever it is, but would write as ASCII."""

    __slots__ = ()

    def encode(self, *_args: str, **_kwargs: str) -> bytes:
        """Return the bytes that were read."""
        return super().encode("latin-1")


def _bytes_of(exif: Image.Exif) -> bytes:
    """Return EXIF for a file, its text with the bytes that it had."""
    for part in (exif, exif.get_ifd(ExifTags.IFD.Exif)):
        for tag, value in part.items():
            if isinstance(value, str):
                part[tag] = _AsRead(value)
    return exif.tobytes()


def _holds_jpeg(value: object) -> bool:
    return isinstance(value, bytes) and JPEG in value
