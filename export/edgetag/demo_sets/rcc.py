"""Reading Qt resource containers (`.rcc`) without Qt."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from edgetag.errors import InputError

MAX_ENTRY_BYTES = 20_000_000
"""A packed file inflates to at most this many bytes; the rest is cut off."""

_COMPRESSED, _FOLDER, _ZSTD = 1, 2, 4
_MAX_DEPTH = 16
_MAX_CHILDREN = 100_000


@dataclass(frozen=True)
class _Layout:
    """Where a container's parts begin, and the size of a node, in bytes."""

    tree: int
    contents: int
    names: int
    node_bytes: int


def read_container(data: bytes, where: object) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a Qt resource container as (path inside, bytes).

    The layout is that of `rcc --binary`, versions 1 to 3: a header of offsets, a tree of nodes
    (name, flags, and either children or data), UTF-16 names, and length-prefixed data.

    Raises:
        InputError: The container is damaged or packed in a way that is not known.
    """
    try:
        magic, version, tree, contents, names = struct.unpack_from(">4sIIII", data)
        if magic != b"qres" or not 1 <= version <= 3:
            raise InputError(f"{where}: not a Qt resource container of version 1 to 3")
        yield from _walk(data, _Layout(tree, contents, names, 14 if version == 1 else 22), 0, "", 0)
    except (struct.error, IndexError, UnicodeDecodeError, zlib.error) as error:
        raise InputError(f"{where}: damaged resource container: {error}") from None


def _walk(
    data: bytes, layout: _Layout, node: int, parent: str, depth: int
) -> Iterator[tuple[str, bytes]]:
    if depth > _MAX_DEPTH:
        raise IndexError("folders nested too deeply")
    at = layout.tree + node * layout.node_bytes
    name_at, flags = struct.unpack_from(">IH", data, at)
    path = parent
    if depth:
        (length,) = struct.unpack_from(">H", data, layout.names + name_at)
        start = layout.names + name_at + 6
        name = data[start : start + 2 * length].decode("utf-16-be")
        path = f"{parent}/{name}" if parent else name
    if flags & _FOLDER:
        count, first = struct.unpack_from(">II", data, at + 6)
        for child in range(first, first + min(count, _MAX_CHILDREN)):
            yield from _walk(data, layout, child, path, depth + 1)
        return
    (data_at,) = struct.unpack_from(">I", data, at + 10)
    start = layout.contents + data_at + 4
    (length,) = struct.unpack_from(">I", data, layout.contents + data_at)
    content = data[start : start + length]
    if flags & _ZSTD:
        raise IndexError("zstd is not supported")
    if flags & _COMPRESSED:
        inflater = zlib.decompressobj()
        content = inflater.decompress(content[4:], MAX_ENTRY_BYTES)
    yield path, content
