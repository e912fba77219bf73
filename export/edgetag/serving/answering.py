"""Answers one question about one picture, in a worker process."""

import hashlib

from PIL import Image

from edgetag.editing.batch import Edit
from edgetag.editing.edits import centre_of, crop_of, heat_of, mosaic_of, parse_shape
from edgetag.editing.saving import encode, open_picture
from edgetag.errors import InputError
from edgetag.serving.messages import Done
from edgetag.serving.operations import Crop, Heatmap, Mosaic, Operation, Tags
from edgetag.serving.packed import UnpackError
from edgetag.serving.results import TagRow, TagsAnswer
from edgetag.serving.sight import pack_sight, unpack_sight
from edgetag.tagging.errors import BundleError, PictureError
from edgetag.tagging.results import Tagging
from edgetag.tagging.tagger import Tagger

JSON = "application/json"

LEAST_SHARE = 0.75
"""Of a crop's size: a crop from the middle is in place of another for seconds, and must be fast, so
it may be enlarged from a little less."""


def answer(
    tagger: Tagger, operation: Operation, picture: bytes, sight: bytes, max_pixels: int
) -> tuple[Done, list[bytes]]:
    """Return an answer with its bytes and, where the model had to look, what it saw.

    `sight` is what was seen in it before, empty where that is not known. A picture of more than
    `max_pixels` is refused.

    Raises:
        BundleError: The model fails.
    """
    try:
        return _answer(tagger, operation, picture, sight, max_pixels)
    except PictureError as error:
        return Done(refused=error.reason.value, detail=error.detail), []
    except BundleError:
        raise
    except InputError as error:
        return Done(refused="request", detail=str(error)), []


def _answer(
    tagger: Tagger, operation: Operation, picture: bytes, sight: bytes, max_pixels: int
) -> tuple[Done, list[bytes]]:
    known = _known(sight, tagger)
    if isinstance(operation, Tags):
        tagging = known or tagger.tag(picture, maps=True)
        made = _tags(tagging, picture)
        return Done(media_type=JSON), [made, *([] if known else [pack_sight(tagging)])]
    if isinstance(operation, Crop) and operation.centre:
        opened = open_picture(picture, max_pixels, _least_size(operation.shape))
        image = centre_of(operation.shape)(opened.image)
        media_type = Image.MIME[opened.format]
        return Done(media_type=media_type), [encode(image, opened, operation.exif)]
    opened = open_picture(picture, max_pixels)
    tagging = known or tagger.tag(opened.image, maps=True)
    edited = _edit(tagger, operation)(opened.image, tagging)
    if edited is None:
        raise InputError(f"{tagger.model.name}: {tagger.model.variant} makes no heat maps")
    made = encode(edited, opened, operation.exif)
    return (
        Done(media_type=Image.MIME[opened.format]),
        [made, *([] if known else [pack_sight(tagging)])],
    )


def _least_size(shape: str) -> tuple[int, int] | None:
    """Return the least size at which a picture is decoded for a crop from its middle."""
    _, size = parse_shape(shape)
    if size is None:
        return None
    return max(1, int(size[0] * LEAST_SHARE)), max(1, int(size[1] * LEAST_SHARE))


def _known(sight: bytes, tagger: Tagger) -> Tagging | None:
    try:
        return unpack_sight(sight, tagger) if sight else None
    except UnpackError:
        return None  # what a cache kept is damaged: the model looks again


def _edit(tagger: Tagger, operation: Heatmap | Mosaic | Crop) -> Edit:
    match operation:
        case Heatmap():
            return heat_of(tagger, operation.tag)
        case Mosaic():
            return mosaic_of(tagger, operation.tags, operation.how, operation.level)
        case Crop():
            return crop_of(tagger, operation.tags, operation.shape)


def _tags(tagging: Tagging, picture: bytes) -> bytes:
    rows = tuple(
        TagRow(tag=row.tag, score=row.score, threshold=row.threshold, set=row.is_set)
        for row in tagging.all
    )
    answered = TagsAnswer(picture=hashlib.sha256(picture).hexdigest(), tags=rows)
    return answered.model_dump_json().encode()
