"""PNG files written part by part, as Pillow would not write them."""

import struct
import zlib
from collections.abc import Iterable

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk: its length, its name, its data, and the checksum of these two."""
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def header(
    width: int, height: int, depth: int = 8, color_type: int = 2, interlaced: int = 0
) -> bytes:
    """Return the first chunk; its numbers are those of the PNG specification."""
    values = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlaced)
    return chunk(b"IHDR", values)


def file_of(chunks: Iterable[bytes]) -> bytes:
    """Return a file of chunks, and of the one that ends it."""
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")
