"""Writes small pictures, and how many bytes of each Python needs to read it: `whole/`."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from edgetag.contract import Preprocessing
from edgetag.preprocess import ImageRejectedError, read_image

CONTRACT = Preprocessing(input_size=32)
PIXELS = np.random.default_rng(5).integers(0, 256, (13, 11, 4), dtype=np.uint8)


def write_whole(folder: Path) -> None:
    """Write pictures of each format, `whole.json` beside them."""
    target = folder / "whole"
    target.mkdir()
    least = {}
    for name, data in _files().items():
        (target / name).write_bytes(data)
        least[name] = next(size for size in range(1, len(data) + 1) if _is_read(data[:size]))
    (target / "whole.json").write_text(json.dumps(least), encoding="utf-8")


def _files() -> dict[str, bytes]:
    rgba = Image.fromarray(PIXELS)
    rgb = rgba.convert("RGB")
    palette, grey = rgb.quantize(8), rgb.convert("L")
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = {"save_all": True, "append_images": [palette]}
    return {
        "plain.jpg": _saved(rgb, "JPEG"),
        "progressive.jpg": _saved(rgb, "JPEG", progressive=True),
        "grey.jpg": _saved(grey, "JPEG"),
        "restarts.jpg": _saved(rgb, "JPEG", restart_marker_blocks=1),
        "exif.jpg": _saved(rgb, "JPEG", exif=exif.tobytes(), comment=b"\xff\xd9 is no end"),
        "plain.png": _saved(rgb, "PNG"),
        "transparent.png": _saved(rgba, "PNG"),
        "exif.png": _saved(rgb, "PNG", exif=exif.tobytes()),
        "lossy.webp": _saved(rgb, "WEBP"),
        "lossless.webp": _saved(rgba, "WEBP", lossless=True),
        "exif.webp": _saved(rgb, "WEBP", exif=exif.tobytes()),
        "plain.gif": _saved(palette, "GIF"),
        "frames.gif": _saved(grey.quantize(4), "GIF", **frames),
        "comment.gif": _saved(palette, "GIF", comment=b"; is no end" * 50, transparency=3),
        "plain.bmp": _saved(rgb, "BMP"),
        "transparent.bmp": _saved(rgba, "BMP"),
        "palette.bmp": _saved(palette, "BMP"),
        "grey.bmp": _saved(grey, "BMP"),
        "bits.bmp": _saved(rgb.convert("1"), "BMP"),
    }


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _is_read(data: bytes) -> bool:
    try:
        read_image(data, CONTRACT)
    except ImageRejectedError:
        return False
    return True
