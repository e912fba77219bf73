"""Small copies of images, inside the page."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from edgetag.reporting.page.view import View

THUMBNAIL_PX = 96


def thumbnails(view: View, rows: Sequence[int]) -> list[str]:
    """Return a `data:` address for each row of the manifest; empty where images are not at hand."""
    look_up = view.sources.thumbnails
    if look_up is None or not rows:
        return [""] * len(rows)
    return [data_url(Image.fromarray(image)) for image in look_up(np.array(rows, dtype=np.int64))]


def data_url(image: Image.Image, longest_px: int = THUMBNAIL_PX) -> str:
    """Return a picture as a small WebP, in an address that needs no file."""
    small = image.copy()
    small.thumbnail((longest_px, longest_px), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
