"""What is made of a picture by what a model sees in it: the edits that `batch` takes."""

import re
from collections.abc import Callable, Sequence

from PIL import Image

from edgetag.editing.batch import Edit, Explainer
from edgetag.editing.drawing import LEAST_TILE, Cover, cover, crop, overlay
from edgetag.editing.regions import (
    LEVEL,
    HeatMap,
    best_crop,
    boxes_to_cover,
    centre_crop,
    heat_map,
)
from edgetag.errors import InputError
from edgetag.tagging.results import Tagging
from edgetag.tagging.tagger import Tagger

_SIZE = re.compile(r"(\d{1,5})[x×](\d{1,5})")
_RATIO = re.compile(r"(\d{1,5}(?:\.\d{1,5})?):(\d{1,5}(?:\.\d{1,5})?)")


def heat_of(tagger: Explainer, tag: str) -> Edit:
    """Draw a tag's heat over pictures.

    Raises:
        InputError: The model has no such tag.
    """
    _require_tags(tagger, [tag])

    def edit(image: Image.Image, tagging: Tagging) -> Image.Image | None:
        map_of_tag = heat_map(tagging, tag)
        return overlay(image, map_of_tag) if map_of_tag else None

    return edit


def mosaic_of(
    tagger: Tagger,
    tags: Sequence[str],
    how: Cover = "pixelate",
    level: float = LEVEL,
    tile: int = 0,
) -> Edit:
    """Cover where tags are seen, in pictures that have them; others are written as they are.

    Args:
        tagger: The model.
        tags: What is covered; where none is named, the bundle's sensitive tags.
        how: See `drawing.cover`.
        level: From which share of the peak's evidence on a cell is covered.
        tile: Side of a tile, in pixels; 0 for a twelfth of the longer side.

    Raises:
        InputError: The model has no such tag, nothing says what is sensitive, or a tile hides
            nothing.
    """
    if 0 < tile < LEAST_TILE:
        raise InputError(f"a tile of {tile} pixel hides nothing; give {LEAST_TILE} or more")
    covered = tuple(tags) or tagger.model.sensitive
    if not covered:
        raise InputError(
            "nothing says what is to be covered: the model names no sensitive tag; give --tag"
        )
    _require_tags(tagger, covered)

    def edit(image: Image.Image, tagging: Tagging) -> Image.Image:
        return cover(image, boxes_to_cover(tagging, covered, image.size, level), how, tile)

    return edit


def crop_of(tagger: Tagger, tags: Sequence[str], shape: str) -> Edit:
    """Crop pictures to where tags are seen.

    Args:
        tagger: The model.
        tags: Whose heat is kept; where several are named, where any of them is seen.
        shape: `16:9`, the largest crop of that ratio, or `800x600`, scaled to that size.

    Raises:
        InputError: The model has no such tag, or the shape is none or too large.
    """
    _require_tags(tagger, tags)
    if not tags:
        known = ", ".join(tagger.tags)
        raise InputError(f"nothing says what the crop is to keep; give --tag, one of: {known}")
    ratio, size = parse_shape(shape)
    if size and size[0] * size[1] > tagger.max_pixels:
        raise InputError(f"{shape} is over {tagger.max_pixels} pixels; give a smaller size")

    def edit(image: Image.Image, tagging: Tagging) -> Image.Image | None:
        maps = [map_of_tag for tag in tags if (map_of_tag := heat_map(tagging, tag))]
        if not maps:
            return None
        values = maps[0].values
        for other in maps[1:]:
            values = values.clip(min=other.values)
        joined = HeatMap(values, maps[0].size, maps[0].content, maps[0].input_size)
        return crop(image, best_crop(joined, ratio), size)

    return edit


def crops_of(tagger: Tagger, tags: Sequence[str], shapes: Sequence[str]) -> dict[str, Edit]:
    """Crop pictures to several shapes, each to a folder named after it if there are several.

    For `tags` and `shapes` see `crop_of`.

    Raises:
        InputError: The model has no such tag, or a shape is none.
    """
    if len(shapes) == 1:
        return {"": crop_of(tagger, tags, shapes[0])}
    return {shape.replace(":", "-"): crop_of(tagger, tags, shape) for shape in shapes}


def centre_of(shape: str) -> Callable[[Image.Image], Image.Image]:
    """Crop pictures in their middle, whatever is seen in them, and with a scaling that is fast.

    Raises:
        InputError: The shape is none.
    """
    ratio, size = parse_shape(shape)
    fast = Image.Resampling.BILINEAR
    return lambda image: crop(image, centre_crop(image.size, ratio), size, fast)


def parse_shape(text: str) -> tuple[float, tuple[int, int] | None]:
    """Return an aspect ratio, and the size in pixels where one is given.

    Raises:
        InputError: It is neither a ratio nor a size.
    """
    if match := _SIZE.fullmatch(text):
        size = int(match[1]), int(match[2])
        if min(size) > 0:
            return size[0] / size[1], size
    elif (match := _RATIO.fullmatch(text)) and float(match[1]) > 0 and float(match[2]) > 0:
        return float(match[1]) / float(match[2]), None
    raise InputError(f"{text!r} is no shape; give a ratio such as 16:9, or a size such as 800x600")


def _require_tags(tagger: Explainer, tags: Sequence[str]) -> None:
    for tag in tags:
        if tag not in tagger.tags:
            raise InputError(f"the model has no tag {tag!r}; it has: {', '.join(tagger.tags)}")
