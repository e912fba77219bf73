"""The index of an image cache, and opening a cache by it."""

from pathlib import Path
from typing import ClassVar

from edgetag.image_cache import ImageCache, Shards
from edgetag.records import Result


class CacheIndex(Result):
    """`cache/index.json`, written after the last shard."""

    SCHEMA: ClassVar[str] = "edgetag.cache/1.1"
    images: int
    input_size: int
    shard_images: int
    fingerprint: str
    """As of `Shards`."""
    shards: tuple[str, ...] = ()
    """SHA-256 of each shard; none in caches of schema 1.0."""


def read_index(folder: Path) -> CacheIndex:
    """Read the index of a cache folder.

    Raises:
        InputError: The cache is missing, unfinished or damaged.
    """
    return CacheIndex.read(folder / "index.json", "data build")


def find_shards(folder: Path) -> Shards:
    """Return where the images of a cache folder lie.

    Raises:
        InputError: The cache is missing, unfinished or damaged.
    """
    index = read_index(folder)
    return Shards(
        folder.absolute(), index.images, index.input_size, index.shard_images, index.fingerprint
    )


def open_cache(folder: Path) -> ImageCache:
    """Open a cache folder.

    Raises:
        InputError: The cache is missing, unfinished or damaged.
    """
    return ImageCache(find_shards(folder))
