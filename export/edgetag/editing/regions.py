"""From a heat map to boxes in the picture: what to cover, and the best crop.

Kotlin's `HeatMap`, `Mosaic` and `SmartCrop` give the same boxes; golden tables hold both together.
So the arithmetic is the same to the operation: values in float32, places in float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from edgetag.tagging.results import Box, Tagging

MOST_SAMPLES = 64
"""Points along a side at which a map is read to place a crop."""

GRAIN = 1e6
"""Sums that differ by less than its inverse are rounding."""

LEVEL = 0.1
"""From which evidence on a cell counts, as a share of the peak's; see `HeatMap.threshold`.

By `make composites` it hides what it must in more than nine of ten pictures, whatever the maps: at
3 x 3 cells in 97 %, and covers 96 % of a picture; at 10 x 10, with composites in training, in all,
and covers 55 %. There 0.25 covers 45 %, and hides all as well; but at 3 x 3 it hides 74 %.
"""

LEAST_DOUBT = 2.0**-24
"""What a value in float32 can be below 1, at least; sure cells have no less doubt than that."""

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Where in a picture one tag is seen.

    The cells lie over the whole input square; the picture is a part of it.

    Attributes:
        values: `[height, width]` float32, 0..1: the tag's score, were all cells like it.
        size: Width and height of the picture, in pixels.
        content: Where the picture lies in the square.
        input_size: Side of the square, in pixels.
    """

    values: Values
    size: tuple[int, int]
    content: Box
    input_size: int

    @property
    def peak(self) -> np.float32:
        """The largest value."""
        return np.float32(self.values.max())

    def threshold(self, level: float) -> np.float32:
        """Return the value from which on a cell counts.

        Its evidence, -ln(1 - value), is a share of the peak's. Where all is unsure, that is a share
        of the peak's value. Where the peak is sure, as in a map whose mean must be high although
        only few cells are hot, it tells sure cells from surer ones, whose values are all near 1.

        Args:
            level: The share, 0..1; a lower one lets more cells count.
        """
        doubt = max(1.0 - float(self.peak), LEAST_DOUBT)
        return np.float32(1.0 - math.pow(doubt, float(np.float32(level))))

    def at(self, xs: Sequence[float], ys: Sequence[float]) -> Values:
        """Return `[len(ys), len(xs)]` values at points of the picture, interpolated between cells.

        Args:
            xs: In the picture's pixels, from its left side.
            ys: From its top.
        """
        height, width = self.values.shape
        left, top, right, bottom = self.content
        columns = _cells(np.asarray(xs, np.float64), right - left, self.size[0], left, width)
        rows = _cells(np.asarray(ys, np.float64), bottom - top, self.size[1], top, height)
        first_x, next_x, dx = self._between(columns, width)
        first_y, next_y, dy = self._between(rows, height)
        # So written, what lies between equal cells is equal to them, to the last bit.
        corner, beside = self.values[first_y][:, first_x], self.values[first_y][:, next_x]
        below, across = self.values[next_y][:, first_x], self.values[next_y][:, next_x]
        upper = corner + (beside - corner) * dx
        lower = below + (across - below) * dx
        result: Values = upper + (lower - upper) * dy[:, None]
        return result

    def _between(
        self, places: npt.NDArray[np.float64], cells: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Values]:
        scaled = places / self.input_size - 0.5
        floor = np.floor(scaled)
        first = floor.astype(np.int64)
        return (
            first.clip(0, cells - 1),
            (first + 1).clip(0, cells - 1),
            (scaled - floor).astype(np.float32),
        )

    def boxes(self, threshold: np.float32) -> tuple[Box, ...]:
        """Return boxes around the parts whose cells reach a value, the largest first.

        Cells that touch at a side are one part. Heat on the bars beside the picture gives no box.
        """
        parts, _ = ndimage.label(self.values >= threshold)
        boxes = [
            self._in_picture(columns.start, rows.start, columns.stop, rows.stop)
            for rows, columns in ndimage.find_objects(parts)
        ]
        within = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
        return tuple(sorted(within, key=lambda box: -(box[2] - box[0]) * (box[3] - box[1])))

    def _in_picture(self, left: int, top: int, right: int, bottom: int) -> Box:
        """Return the part of the picture under a box of cells, rounded outwards."""
        height, width = self.values.shape
        x0, y0, x1, y1 = self.content
        across, down = self.size

        def x(cell: int) -> float:
            return (cell * float(self.input_size) / width - x0) * across / (x1 - x0)

        def y(cell: int) -> float:
            return (cell * float(self.input_size) / height - y0) * down / (y1 - y0)

        return (
            min(max(math.floor(x(left)), 0), across),
            min(max(math.floor(y(top)), 0), down),
            min(max(math.ceil(x(right)), 0), across),
            min(max(math.ceil(y(bottom)), 0), down),
        )


def _cells(
    places: npt.NDArray[np.float64], content: int, picture: int, start: int, cells: int
) -> npt.NDArray[np.float64]:
    result: npt.NDArray[np.float64] = (places * content / picture + start) * cells
    return result


def heat_map(tagging: Tagging, tag: str) -> HeatMap | None:
    """Return where a tag is seen; None where the model makes no maps.

    Raises:
        KeyError: There is no such tag.
    """
    maps = tagging.maps
    if maps is None:
        return None
    return HeatMap(maps.of(tag), maps.size, maps.content, maps.input_size)


def boxes_to_cover(
    tagging: Tagging, tags: Sequence[str], size: tuple[int, int], level: float = LEVEL
) -> tuple[Box, ...]:
    """Return which parts of a picture a mosaic must cover, each once.

    Those where one of the tags is seen, if it is set; the whole picture where the model makes no
    maps or they point nowhere.

    Args:
        tagging: Of the picture, with maps.
        tags: What is to be covered.
        size: Width and height of the picture, in pixels.
        level: From which share of the peak's evidence on a cell counts.
    """
    whole: Box = (0, 0, *size)
    boxes: list[Box] = []
    for row in tagging.tags:
        if row.tag in tags:
            map_of_tag = heat_map(tagging, row.tag)
            boxes += (map_of_tag.boxes(map_of_tag.threshold(level)) if map_of_tag else ()) or (
                whole,
            )
    return tuple(dict.fromkeys(boxes))


def best_crop(map_of_tag: HeatMap, ratio: float) -> Box:
    """Return the largest crop of an aspect ratio, where it keeps the most of a heat map.

    Of several that keep as much, the one nearest to the middle is taken.

    The ratio is width divided by height.
    """
    across, down = map_of_tag.size
    width, height = _largest(map_of_tag.size, ratio)
    xs, ys = _middles(across), _middles(down)
    values = map_of_tag.at(xs, ys).astype(np.float64)
    left = _best_start(values.sum(axis=0), across, width)
    top = _best_start(values.sum(axis=1), down, height)
    return left, top, left + width, top + height


def centre_crop(size: tuple[int, int], ratio: float) -> Box:
    """Return the largest crop of an aspect ratio from the middle of a picture.

    Args:
        size: Width and height of the picture, in pixels.
        ratio: Width divided by height.
    """
    width, height = _largest(size, ratio)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def _largest(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """Return width and height of the largest crop of a ratio."""
    across, down = size
    return (
        min(across, max(1, _rounded(down * ratio))),
        min(down, max(1, _rounded(across / ratio))),
    )


def _middles(side: int) -> list[float]:
    samples = min(side, MOST_SAMPLES)
    return [(place + 0.5) * side / samples for place in range(samples)]


def _best_start(heat: npt.NDArray[np.float64], side: int, window: int) -> int:
    """Return where a window of a side keeps the most of heat that is sampled evenly."""
    samples = len(heat)
    before = np.concatenate([[0.0], np.cumsum(heat)])
    span = min(max(_rounded(window * float(samples) / side), 1), samples)
    kept = before[span:] - before[: samples - span + 1]
    middle = (samples - span) / 2.0
    starts = range(samples - span + 1)
    best = max(starts, key=lambda at: (_rounded(float(kept[at]) * GRAIN), -abs(at - middle)))
    return min(max(_rounded(float(best) * side / samples), 0), side - window)


def _rounded(value: float) -> int:
    """Round half up, as Kotlin does."""
    return math.floor(value + 0.5)
