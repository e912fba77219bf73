"""Draws overlays, mosaics and crops, at a picture's full resolution."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from edgetag.contract import Preprocessing
from edgetag.editing.regions import HeatMap
from edgetag.tagging.results import Box

Cover = Literal["pixelate", "blur", "fill"]

TILES = 12
"""Tiles along the longer side: too coarse to recognise anything by, as in the Android module."""

LEAST_TILE = 2
"""A tile of one pixel is the pixel itself."""

HEAT_PLACES = (0.0, 0.5, 1.0)
HEAT_COLORS = np.array([(13, 8, 135), (204, 71, 120), (240, 249, 33)], dtype=np.float64)
"""Cold, middle and hot, of matplotlib's colour map plasma."""

LEAST_SHARE, MOST_SHARE = 0.15, 0.75
"""Of the colour over the picture, where it is cold and where it is hot."""

GROUND = Preprocessing.model_fields["background"].default
"""Under transparent pixels, as a model sees them unless its contract says otherwise."""

BLOCK_ROWS = 256
"""Rows that are drawn at once: what that takes is small beside the picture."""


def overlay(image: Image.Image, heat_map: HeatMap) -> Image.Image:
    """Return a picture under its heat, RGB: the hotter, the more colour.

    The image is RGB or RGBA, of the map's size. Colours that nobody sees stay unseen.
    """
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, GROUND), image)
    pixels = np.array(image.convert("RGB"))
    xs = [x + 0.5 for x in range(image.width)]
    for top in range(0, image.height, BLOCK_ROWS):
        block = pixels[top : top + BLOCK_ROWS]
        heat = heat_map.at(xs, [top + y + 0.5 for y in range(len(block))]).astype(np.float64)
        color = np.stack(
            [np.interp(heat, HEAT_PLACES, HEAT_COLORS[:, part]) for part in range(3)], axis=-1
        )
        share = (LEAST_SHARE + (MOST_SHARE - LEAST_SHARE) * heat)[..., None]
        block[:] = (block * (1 - share) + color * share + 0.5).astype(np.uint8)
    return Image.fromarray(pixels)


def cover(image: Image.Image, boxes: Sequence[Box], how: Cover, tile: int = 0) -> Image.Image:
    """Return a picture whose boxes show nothing any more.

    Args:
        image: RGB or RGBA.
        boxes: In its pixels.
        how: pixelate: tiles of one colour each, their mean; blur: so far that a tile's width is the
            blur's radius, over tiles; fill: black.
        tile: Side of a tile, in pixels; 0 for a twelfth of the longer side, at least 2.
    """
    tile = tile or max(LEAST_TILE, max(image.size) // TILES)
    pixels = np.array(image)
    for left, top, right, bottom in boxes:
        part = pixels[top:bottom, left:right]
        if how == "fill":
            part[..., :3] = 0
        else:
            _pixelate(part, tile)
        if part.shape[-1] == 4:
            part[..., 3] = 255  # nothing shines through, and no outline is left in the alpha
    result = Image.fromarray(pixels)
    if how == "blur":
        for box in boxes:
            result.paste(result.crop(box).filter(ImageFilter.GaussianBlur(tile)), box)
    return result


def _pixelate(part: npt.NDArray[np.uint8], tile: int) -> None:
    """Give each tile its mean, rounded half up, in place."""
    for top in range(0, part.shape[0], tile):
        for left in range(0, part.shape[1], tile):
            cell = part[top : top + tile, left : left + tile]
            count = cell.shape[0] * cell.shape[1]
            sums = cell.reshape(count, -1).sum(axis=0, dtype=np.int64)
            cell[:] = (sums + count // 2) // count


def crop(
    image: Image.Image,
    box: Box,
    size: tuple[int, int] | None,
    scaling: Image.Resampling = Image.Resampling.LANCZOS,
) -> Image.Image:
    """Return a part of a picture, scaled to a size in pixels if one is asked for."""
    part = image.crop(box)
    return part.resize(size, scaling) if size else part
