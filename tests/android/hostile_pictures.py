"""Writes pictures that an app meets and must survive: `hostile/`."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

GOOD = "a-good-one.png"
HUGE = "z-100-megapixels.png"


def write_hostile(folder: Path) -> None:
    """Write damaged, false, huge and good pictures; names tell which is which."""
    target = folder / "hostile"
    target.mkdir()
    pixels = np.random.default_rng(22).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    whole = io.BytesIO()
    Image.fromarray(pixels).save(whole, "PNG")
    (target / GOOD).write_bytes(whole.getvalue())
    (target / "b-good-too.png").write_bytes(whole.getvalue())
    (target / "bad-cut-off.png").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (target / "bad-empty.jpg").write_bytes(b"")
    (target / "bad-text.jpg").write_text("no picture", encoding="utf-8")
    (target / "bad-claims-4-gigapixels.png").write_bytes(_header_only(65_536, 65_536))
    Image.new("RGB", (10_000, 10_000), (200, 30, 30)).save(target / HUGE, compress_level=1)


def _header_only(width: int, height: int) -> bytes:
    """Return a PNG that ends after its header."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
