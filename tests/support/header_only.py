"""A picture that claims to be large."""

import zlib

from tests.support.png import SIGNATURE, chunk, header


def header_only(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and has hardly any pixels."""
    return SIGNATURE + header(width, height) + chunk(b"IDAT", zlib.compress(b"\0" * 9))
