"""A picture that claims to be large."""

import zlib

from tests.support.png import chunk, file_of, header


def header_only(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and has hardly any pixels."""
    return file_of((header(width, height), chunk(b"IDAT", zlib.compress(b"\0" * 9))))
