"""Writes pictures whose EXIF the Kotlin code must read as Pillow does: `exif/`."""

import struct
from pathlib import Path

from PIL import ExifTags, Image

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
BYTE_ORDERS = {"II": "<", "MM": ">"}


def write_exif(folder: Path) -> None:
    """Write a tiny picture of each format, byte order and orientation, named by them."""
    target = folder / "exif"
    target.mkdir()
    image = Image.new("RGB", (2, 3))
    for orientation in range(1, 9):
        for order, sign in BYTE_ORDERS.items():
            tag = struct.pack(f"{sign}HHIHH", ExifTags.Base.Orientation, 3, 1, orientation, 0)
            start = struct.pack(f"{sign}HI", 42, 8)
            exif = order.encode() + start + struct.pack(f"{sign}H", 1) + tag + bytes(4)
            for suffix, name in FORMATS.items():
                path = target / f"{orientation}-{order}.{suffix}"
                image.save(path, name, exif=b"Exif\0\0" + exif)
                with Image.open(path) as written:
                    assert written.getexif()[ExifTags.Base.Orientation] == orientation, path.name
