"""Writes pictures whose EXIF the Kotlin code must read as Python does: `exif/`."""

import io
import struct
from pathlib import Path

from PIL import ExifTags, Image

from edgetag.preprocess import opened, orientation_of
from tests.support.png import chunk

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
BYTE_ORDERS = {"II": "<", "MM": ">"}


MARK = b"Exif\0\0"
SHORT, LONG, SIGNED_LONG, BYTE = 3, 4, 9, 1  # types of TIFF
IMAGE = Image.new("RGB", (2, 3))


def write_exif(folder: Path) -> None:
    """Write tiny pictures of each format, named by orientation and byte order; also rarer ones."""
    target = folder / "exif"
    target.mkdir()
    for order in BYTE_ORDERS:
        for orientation in range(1, 9):
            for suffix in FORMATS:
                path = target / f"{orientation}-{order}.{suffix}"
                _write(path, MARK + tiff(order, SHORT, orientation), orientation)
        for suffix in FORMATS:
            for kind, name in ((LONG, "long"), (SIGNED_LONG, "signed")):
                _write(target / f"6-{order}-{name}.{suffix}", MARK + tiff(order, kind, 6), 6)
            _write(target / f"1-{order}-byte.{suffix}", MARK + tiff(order, BYTE, 6), None)
        path = target / f"6-{order}-marked.png"
        path.write_bytes(_png_with(MARK + tiff(order, SHORT, 6)))
        _check(path, 6)


def tiff(order: str, kind: int, orientation: int) -> bytes:
    """Return a directory that has an orientation, as a number of a type."""
    sign = BYTE_ORDERS[order]
    value = struct.pack(sign + {SHORT: "H", BYTE: "B"}.get(kind, "i"), orientation).ljust(4, b"\0")
    tag = struct.pack(f"{sign}HHI", ExifTags.Base.Orientation, kind, 1) + value
    return order.encode() + struct.pack(f"{sign}HIH", 42, 8, 1) + tag + bytes(4)


def _write(path: Path, exif: bytes, expected: int | None) -> None:
    IMAGE.save(path, FORMATS[path.suffix[1:]], exif=exif)
    _check(path, expected)


def _png_with(exif: bytes) -> bytes:
    """Return a PNG whose chunk has all of these bytes; Pillow writes it without a mark."""
    file = io.BytesIO()
    IMAGE.save(file, "PNG")
    start, rest = file.getvalue().split(chunk(b"IEND", b""))
    return start + chunk(b"eXIf", exif) + chunk(b"IEND", b"") + rest


def _check(path: Path, expected: int | None) -> None:
    with opened(path) as image:
        image.load()
        value = orientation_of(image)
    assert (value if isinstance(value, int) else None) == expected, path.name
