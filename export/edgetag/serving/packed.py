"""A record and bytes in one piece: what goes to workers and back, and what the cache keeps."""

import struct
from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from edgetag.records import Record

_LENGTHS = struct.Struct("<II")
_LENGTH = struct.Struct("<Q")

Kind = TypeVar("Kind", bound=Record)


class UnpackError(Exception):
    """Bytes are not what `pack` makes of such a record."""


def pack(record: Record, blobs: Sequence[bytes] = ()) -> bytes:
    """Return a record and blobs as bytes."""
    head = record.model_dump_json().encode()
    sizes = b"".join(_LENGTH.pack(len(blob)) for blob in blobs)
    return b"".join([_LENGTHS.pack(len(head), len(blobs)), head, sizes, *blobs])


def unpack(kind: type[Kind], data: bytes) -> tuple[Kind, list[bytes]]:
    """Return what `pack` was given.

    Raises:
        UnpackError: It was given no such record, or the bytes are damaged.
    """
    try:
        head, count = _LENGTHS.unpack_from(data)
        place = _LENGTHS.size
        record = kind.model_validate_json(data[place : place + head])
        place += head
        sizes = [_LENGTH.unpack_from(data, place + _LENGTH.size * n)[0] for n in range(count)]
    except (struct.error, ValidationError) as error:
        raise UnpackError(str(error)) from None
    place += _LENGTH.size * count
    if place + sum(sizes) != len(data):
        raise UnpackError(f"{len(data)} bytes, not {place + sum(sizes)}")
    blobs = []
    for size in sizes:
        blobs.append(data[place : place + size])
        place += size
    return record, blobs
