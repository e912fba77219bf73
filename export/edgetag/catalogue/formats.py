"""The label formats. Each is a file in `edgetag/dataset/formats`, imported on use."""

from dataclasses import dataclass

from edgetag.catalogue import by_name


@dataclass(frozen=True)
class LabelFormatLine:
    """What a recipe must know of a label format.

    Attributes:
        name: As recipes write it, and its file.
        words: What a source looks like, for people.
        one_tag: Whether it labels a single tag.
        crops: Whether it can name a region of each picture.
    """

    name: str
    words: str
    one_tag: bool = False
    crops: bool = False


FORMATS = by_name(
    LabelFormatLine("list", "path and a list of tags"),
    LabelFormatLine("wide", "path and one column per tag", crops=True),
    LabelFormatLine("object_value", "objectId,value for a single tag", one_tag=True),
    LabelFormatLine("regions", "Region Cropper JSON"),
    LabelFormatLine("folders", "one folder per class"),
)
"""In the order in which a source is asked whether it is one of them."""
