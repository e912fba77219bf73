"""What is answered as JSON; OpenAPI describes these."""

from pydantic import Field

from edgetag.records import Record


class TagRow(Record):
    """A tag of a picture."""

    tag: str
    score: float = Field(description="0..1.")
    threshold: float = Field(description="The score from which on the tag is set.")
    set: bool = Field(description="Whether the picture has the tag.")


class TagsAnswer(Record):
    """A picture's tags."""

    picture: str = Field(description="SHA-256 of the picture's file, in hex.")
    tags: tuple[TagRow, ...] = Field(description="Every tag, in the order of the vocabulary.")


class ModelAnswer(Record):
    """The model that answers."""

    name: str
    version: str = Field(description="The bundle's; empty for a plain file.")
    variant: str
    bundle: str = Field(description="SHA-256 of the bundle's manifest, which holds all others.")
    tags: tuple[str, ...]
    sensitive: tuple[str, ...] = Field(description="What a mosaic covers where no tag is named.")
    explains: bool = Field(description="Whether it makes heat maps, so mosaics and crops.")


class Problem(Record):
    """Why there is no answer; the shape of RFC 9457."""

    status: int
    title: str
    detail: str
