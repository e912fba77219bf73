"""Whether the image cache is as it was written: a lost or damaged shard must not go unnoticed.

The index holds each shard's digest. A shard whose size and time of change are those at which its
digest was last right is not read again, so that looking costs nothing.
"""

import os
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from edgetag.cache_index import read_index
from edgetag.errors import InputError
from edgetag.image_cache import shard_path
from edgetag.records import Result
from edgetag.workspace import digest_file


class SeenShards(Result):
    """`cache/seen.json`: what shards looked like when their digests were right.

    Attributes:
        shards: File → size in bytes and time of change in nanoseconds.
    """

    SCHEMA: ClassVar[str] = "edgetag.cache-seen/1.0"
    shards: dict[str, tuple[int, int]] = Field(default_factory=dict)


def seal(folder: Path, shards: int) -> tuple[str, ...]:
    """Return the SHA-256 of shards that have just been written, and keep what they look like."""
    paths = [shard_path(folder, number) for number in range(shards)]
    digests = tuple(digest_file(path) for path in paths)
    _keep(folder, {path.name: _state(path) for path in paths})
    return digests


def damaged_shards(folder: Path) -> tuple[Path, ...]:
    """Return the shards of a finished cache that are missing or not as they were written.

    A cache of an edgetag before schema 1.1 names no digests, and nothing can be told of it.

    Raises:
        InputError: The index is missing or damaged.
    """
    index = read_index(folder)
    seen = _seen(folder)
    damaged: list[Path] = []
    right = dict(seen)
    for number, digest in enumerate(index.shards):
        shard = shard_path(folder, number)
        try:
            state = _state(shard)
            if seen.get(shard.name) == state or digest_file(shard) == digest:
                right[shard.name] = state
                continue
        except OSError:
            pass  # lost, or on a disk that fails: it is made again
        damaged.append(shard)
    if right != seen and os.access(folder, os.W_OK):
        _keep(folder, right)
    return tuple(damaged)


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _seen(folder: Path) -> dict[str, tuple[int, int]]:
    path = folder / "seen.json"
    try:
        return SeenShards.from_json(path.read_text(encoding="utf-8"), path).shards
    except (OSError, UnicodeDecodeError, InputError):
        return {}  # every shard is then read once


def _keep(folder: Path, shards: dict[str, tuple[int, int]]) -> None:
    SeenShards(shards=shards).write(folder / "seen.json")
