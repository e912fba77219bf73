"""What the front and a worker process say to each other, each packed with its bytes."""

import struct
from typing import BinaryIO

from edgetag.records import Record
from edgetag.serving.operations import Operation
from edgetag.tagging.results import Box

LENGTH = struct.Struct("<Q")
"""Before each message: how many bytes it has."""


class ModelDescription(Record):
    """What the front knows of a model, which it never loads.

    Attributes:
        name: What people call it.
        version: The bundle's; empty for a plain file.
        variant: Which of the bundle's files it is.
        digest: Of all that answers depend on beside the picture: file, contract, runtime, edgetag.
        bundle_sha256: The bundle's manifest, which holds all other digests.
        tags: The vocabulary.
        sensitive: Tags that a mosaic covers where none is named.
        explains: Whether it makes heat maps.
    """

    name: str
    version: str
    variant: str
    digest: str
    bundle_sha256: str
    tags: tuple[str, ...]
    sensitive: tuple[str, ...]
    explains: bool


class Start(Record):
    """What a worker is started with."""

    model: str
    variant: str | None
    max_pixels: int


class Ready(Record):
    """A worker's first message: its model, or why it has none."""

    model: ModelDescription | None = None
    error: str = ""


class Job(Record):
    """What a worker is to do.

    Its blobs: the picture, and what was seen in it before, or nothing.
    """

    operation: Operation


class Sight(Record):
    """What a model sees in a picture. Its blobs: scores and, where `maps` says so, maps, float32.

    Attributes:
        maps: Height, width and tags of the maps.
        content: Where the picture lies in the model's input square.
        input_size: Side of that square, in pixels.
        size: Width and height of the picture, in pixels.
    """

    maps: tuple[int, int, int] | None = None
    content: Box = (0, 0, 0, 0)
    input_size: int = 0
    size: tuple[int, int] = (0, 0)


class Done(Record):
    """What a worker answers. Its blobs: the answer, and what it saw, if it looked.

    Attributes:
        media_type: Of the answer.
        refused: Why there is none: what is wrong with the picture, for programs.
        detail: The same for people.
    """

    media_type: str = ""
    refused: str = ""
    detail: str = ""


def read_message(stream: BinaryIO) -> bytes | None:
    """Return the next message; None at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    length: int = LENGTH.unpack(head)[0]
    return stream.read(length)


def write_message(stream: BinaryIO, message: bytes) -> None:
    """Write a message, at once."""
    stream.write(LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()
