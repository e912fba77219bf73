"""What can be asked of a picture."""

from typing import Annotated, Literal

from pydantic import Field

from edgetag.editing.drawing import Cover
from edgetag.editing.saving import Exif
from edgetag.records import Record


class Tags(Record):
    """Its tags and scores, as JSON."""

    kind: Literal["tags"] = "tags"


class Heatmap(Record):
    """The picture under a tag's heat."""

    kind: Literal["heatmap"] = "heatmap"
    tag: str
    exif: Exif = "no-gps"


class Mosaic(Record):
    """The picture, covered where tags are seen; without tags, the bundle's sensitive ones."""

    kind: Literal["mosaic"] = "mosaic"
    tags: tuple[str, ...]
    how: Cover
    level: float
    exif: Exif


class Crop(Record):
    """The part of a shape in which tags are seen; `centre` is the part in the middle instead."""

    kind: Literal["crop"] = "crop"
    tags: tuple[str, ...]
    shape: str
    exif: Exif
    centre: bool = False


Operation = Annotated[Tags | Heatmap | Mosaic | Crop, Field(discriminator="kind")]
