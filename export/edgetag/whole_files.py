"""Whether a picture's file has all bytes of its picture, where Pillow does not ask.

Android and browsers refuse such files, or make up what is missing; so the contract has none.
"""

import struct
import zlib

from PIL import ImageFile

PNG_SIGNATURE_BYTES = 8


def require_whole(image: ImageFile.ImageFile, data: bytes) -> None:
    """Look at a file of which nothing but the header was decoded.

    JPEG and WebP need no look: Pillow refuses those that end too early.

    Args:
        image: As Pillow opened it.
        data: The file.

    Raises:
        EOFError: It ends too early.
        ValueError: Some of its bytes are not those that were written.
    """
    match image.format:
        case "PNG":
            _require_chunks(data)
        case "GIF":
            _require_blocks(data, image.tile[0].offset)
        case "BMP":
            _require_rows(image, data)


def _require_chunks(data: bytes) -> None:
    """Pass the chunks of a PNG, which has no pixels without the one that ends it."""
    at, name = PNG_SIGNATURE_BYTES, b""
    while name != b"IEND":
        _require_bytes(data, at + 12)
        size, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + size
        _require_bytes(data, end + 4)
        if zlib.crc32(memoryview(data)[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise ValueError("a checksum in it is wrong")
        at = end + 4


def _require_blocks(data: bytes, start: int) -> None:
    """Pass the blocks of a GIF's frame, up to the empty one that ends it."""
    at = start
    while True:
        _require_bytes(data, at + 1)
        if data[at] == 0:
            return
        at += 1 + data[at]


def _require_rows(image: ImageFile.ImageFile, data: bytes) -> None:
    """Ask for all rows of a BMP with what fills them; for packed ones Pillow asks itself."""
    codec, _, start, args = image.tile[0]
    if codec == "raw" and isinstance(args, tuple):
        _, row_bytes, _ = args
        _require_bytes(data, start + row_bytes * image.height)


def _require_bytes(data: bytes, count: int) -> None:
    if len(data) < count:
        raise EOFError("it ends too early")
