"""Writes pictures that an app meets and must survive: `hostile/`."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.png import SIGNATURE, header

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
    (target / "bad-claims-4-gigapixels.png").write_bytes(SIGNATURE + header(65_536, 65_536))
    Image.new("RGB", (10_000, 10_000), (200, 30, 30)).save(target / HUGE, compress_level=1)
