"""Small copies of what was found, and beside each where the float model sees the tag."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from edgetag.editing.drawing import overlay
from edgetag.editing.regions import HeatMap
from edgetag.mining.float_model import FloatModel
from edgetag.mining.ranking import Candidate
from edgetag.mining.subject import Subject
from edgetag.preprocess import Pixels
from edgetag.reporting.page.sheet import SHEET_PX
from edgetag.reporting.page.thumbnails import data_url

BATCH = 64
"""Findings whose maps are in memory at once."""


def thumbnails(
    candidates: Sequence[Candidate],
    subject: Subject,
    model: FloatModel | None,
    erased: Mapping[tuple[int, str], Pixels],
) -> list[tuple[str, ...]]:
    """Return `data:` addresses for each candidate: the picture, and the picture under its heat.

    Args:
        candidates: In the order of the page.
        subject: Has the pictures.
        model: Makes the maps; None for pictures alone.
        erased: Row and tag → the picture with a part covered, which stands beside them.
    """
    urls = []
    for start in range(0, len(candidates), BATCH):
        batch = candidates[start : start + BATCH]
        pixels = subject.dataset.images(np.array([each.row for each in batch], dtype=np.int64))
        maps = model.maps(pixels) if model else None
        for place, each in enumerate(batch):
            shown = [Image.fromarray(pixels[place])]
            if maps is not None:
                shown.append(_heat(pixels[place], maps[place, ..., subject.column(each.tag)]))
            if each.kind == "stays when erased":
                shown.append(Image.fromarray(erased[each.row, each.tag]))
            urls.append(tuple(data_url(image, SHEET_PX) for image in shown))
    return urls


def _heat(pixels: Pixels, values: npt.NDArray[np.float32]) -> Image.Image:
    side = len(pixels)
    return overlay(Image.fromarray(pixels), HeatMap(values, (side, side), (0, 0, side, side), side))
