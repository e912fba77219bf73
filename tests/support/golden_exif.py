"""Writes pictures whose EXIF the Kotlin code and the web page must read as Python does: `exif/`."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from edgetag.preprocess import opened, orientation_of
from tests.support.png import chunk

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
BYTE_ORDERS = {"II": "<", "MM": ">"}


MARK = b"Exif\0\0"
BYTE, ASCII, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5  # types of TIFF
SIGNED_BYTE, SIGNED_SHORT, SIGNED_LONG, FLOAT, DIRECTORY = 6, 8, 9, 11, 13
BYTES = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, SIGNED_BYTE: 1, SIGNED_SHORT: 2}
BYTES |= {SIGNED_LONG: 4, FLOAT: 4, DIRECTORY: 4}
BEFORE_VALUES = 26
"""Bytes of a TIFF whose only directory has one entry, before what is too long to lie in it."""

IMAGE = Image.fromarray(np.arange(0, 252, 14, dtype=np.uint8).reshape(3, 2, 3))
"""No two pixels are the same, so that each orientation shows."""


def write_exif(folder: Path) -> None:
    """Write tiny pictures of each format, named by orientation and byte order; also rarer ones."""
    target = folder / "exif"
    target.mkdir()
    for order in BYTE_ORDERS:
        for orientation in range(1, 9):
            for suffix in FORMATS:
                path = target / f"{orientation}-{order}.{suffix}"
                _write(path, MARK + tiff(order, SHORT, "H", orientation), orientation)
        for name, exif, expected in _rarer(order):
            for suffix in FORMATS:
                path = target / f"{expected or 1}-{order}-{name}.{suffix}"
                _write(path, MARK + exif, expected)
        sideways = tiff(order, SHORT, "H", 6)
        _write_bytes(target / f"6-{order}-marked.png", _png_with(MARK + sideways), 6)
        _write_bytes(target / f"1-{order}-unflagged.webp", _unflagged(MARK + sideways), None)
        _write_bytes(target / f"1-{order}-simple.webp", _simple(sideways), None)


def _rarer(order: str) -> Iterator[tuple[str, bytes, int | None]]:
    """Give names, TIFF and orientations as no camera writes them."""
    yield "long", tiff(order, LONG, "I", 6), 6
    yield "signed-byte", tiff(order, SIGNED_BYTE, "b", 6), 6
    yield "signed-short", tiff(order, SIGNED_SHORT, "h", 6), 6
    yield "signed", tiff(order, SIGNED_LONG, "i", 6), 6
    yield "directory", tiff(order, DIRECTORY, "I", 6), 6
    yield "two", tiff(order, SHORT, "2H", 6, 3), 6
    yield "three", tiff(order, SHORT, "3H", 6, 3, 2), 6
    yield "none", tiff(order, SHORT, ""), None
    yield "byte", tiff(order, BYTE, "B", 6), None
    yield "text", tiff(order, ASCII, "2s", b"6"), None
    yield "float", tiff(order, FLOAT, "f", 6), None
    yield "ratio", tiff(order, RATIONAL, "2I", 6, 1), None
    yield "nine", tiff(order, SHORT, "H", 9), None
    yield "negative", tiff(order, SIGNED_LONG, "i", -1), None
    yield "beyond", tiff(order, LONG, "I", 0x10006), None
    whole = tiff(order, SHORT, "H", 6)
    yield "turned-mark", whole[:2] + whole[2:4][::-1] + whole[4:], 6
    yield "no-tiff", b"XX" + whole[2:], None
    yield "cut", whole[:-8], None


def tiff(order: str, kind: int, layout: str, *values: int | bytes) -> bytes:
    """Return a directory that has nothing but an orientation.

    Args:
        order: `II` or `MM`.
        kind: The type, by its number in TIFF.
        layout: Of the values, as `struct` writes it.
        values: What the orientation is.
    """
    sign = BYTE_ORDERS[order]
    packed = struct.pack(sign + layout, *values)
    count = len(packed) // BYTES[kind]
    far = struct.pack(f"{sign}I", BEFORE_VALUES) if len(packed) > 4 else packed.ljust(4, b"\0")
    entry = struct.pack(f"{sign}HHI", ExifTags.Base.Orientation, kind, count) + far
    start = order.encode() + struct.pack(f"{sign}HIH", 42, 8, 1)
    return start + entry + bytes(4) + (packed if len(packed) > 4 else b"")


def _write(path: Path, exif: bytes, expected: int | None) -> None:
    IMAGE.save(path, FORMATS[path.suffix[1:]], exif=exif)
    _check(path, expected)


def _write_bytes(path: Path, data: bytes, expected: int | None) -> None:
    path.write_bytes(data)
    _check(path, expected)


def _webp(**options: bytes) -> bytes:
    file = io.BytesIO()
    IMAGE.save(file, "WEBP", **options)
    return file.getvalue()


def _unflagged(exif: bytes) -> bytes:
    """Return a WebP whose first chunk does not say that it has EXIF."""
    data = bytearray(_webp(exif=exif))
    data[20] &= ~8
    return bytes(data)


def _simple(exif: bytes) -> bytes:
    """Return a WebP of the simple layout, which has nothing but pixels, with EXIF behind them."""
    whole = _webp() + b"EXIF" + struct.pack("<I", len(exif)) + exif + bytes(len(exif) % 2)
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


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
    assert (value if value in range(1, 9) else None) == expected, path.name
