"""Small copies of images, inside the page."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from edgetag.preprocess import Pixels
from edgetag.reporting.page.view import View

THUMBNAIL_PX = 96


def thumbnails(view: View, rows: Sequence[int]) -> list[str]:
    """Return a `data:` address for each row of the manifest; empty where images are not at hand."""
    look_up = view.sources.thumbnails
    if look_up is None or not rows:
        return [""] * len(rows)
    return [_data_url(image) for image in look_up(np.array(rows, dtype=np.int64))]


def _data_url(pixels: Pixels) -> str:
    """Return `[height, width, 3]` uint8 as a small WebP."""
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
