"""Letterboxed images as uint8, in manifest order, in shards that are written once.

The cache is plain `.npy` shards and an index, so that a runtime's own process reads it with
nothing but numpy, and a million images never need to be in memory.
"""

import functools
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError
from edgetag.pixels import Pixels
from edgetag.records import Result

SHARD_IMAGES = 1024
"""Images per shard: 154 MB at 224 px."""

MAPPED_SHARDS = 256
"""Shards mapped at once. Each holds a file open, and a million images are 977 shards, while a
process may often have no more than 1,024 files open."""


class CacheIndex(Result):
    """`cache/index.json`, written after the last shard."""

    SCHEMA: ClassVar[str] = "edgetag.cache/1.1"
    images: int
    input_size: int
    shard_images: int
    fingerprint: str
    """Digest of the contract and of every image's digest and crop, in order."""
    shards: tuple[str, ...] = ()
    """SHA-256 of each shard; none in caches of schema 1.0."""


def shard_path(folder: Path, shard: int) -> Path:
    """Return the file of one shard: `[images, size, size, 3]` uint8."""
    return folder / f"shard-{shard:05d}.npy"


class ImageCache:
    """Read access by row number; shards are memory-mapped.

    Args:
        folder: The cache folder.
        mapped_shards: Shards kept mapped at most; whoever reads in order needs few.

    Raises:
        InputError: The cache is missing, unfinished or damaged.
    """

    def __init__(self, folder: Path, mapped_shards: int = MAPPED_SHARDS) -> None:
        index_file = folder / "index.json"
        try:
            text = index_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise InputError(f"{index_file}: missing; run: edgetag data build") from None
        self.index = CacheIndex.from_json(text, index_file)
        self.folder = folder
        self._shard = functools.lru_cache(mapped_shards)(self._map_shard)

    def __len__(self) -> int:
        return self.index.images

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Return the images of some rows.

        Args:
            rows: `[batch]` row numbers of the manifest, in any order.

        Returns:
            `[batch, size, size, 3]` uint8.
        """
        size = self.index.input_size
        out = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        shards, offsets = np.divmod(rows, self.index.shard_images)
        for shard in np.unique(shards):
            chosen = shards == shard
            out[chosen] = self._shard(int(shard))[offsets[chosen]]
        return out

    def _map_shard(self, shard: int) -> Pixels:
        path = shard_path(self.folder, shard)
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: damaged image cache: {error}; delete its folder and run "
                "the same command again"
            ) from None
        expected = (self.index.input_size, self.index.input_size, 3)
        if array.dtype != np.uint8 or array.shape[1:] != expected:
            raise InputError(
                f"{path}: {array.dtype} {array.shape} is not this cache's; "
                "delete its folder and run the same command again"
            )
        return array
