"""Letterboxed images as uint8, in manifest order, in shards that are written once.

The cache is plain `.npy` shards and an index, so that a runtime's own process reads it with
nothing but numpy, and a million images never need to be in memory.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError
from edgetag.pixels import Pixels

SHARD_IMAGES = 1024
"""Images per shard: 154 MB at 224 px."""

MAPPED_SHARDS = 256
"""Shards mapped at once. Each holds a file open, and a million images are 977 shards, while a
process may often have no more than 1,024 files open."""


@dataclass(frozen=True)
class Shards:
    """Where images lie, and how many in a file.

    Attributes:
        folder: The cache folder.
        images: How many there are.
        input_size: Height and width of each.
        shard_images: Images in each shard but the last.
        fingerprint: Digest of the contract and of every image's digest and crop, in order.
    """

    folder: Path
    images: int
    input_size: int
    shard_images: int
    fingerprint: str


def shard_path(folder: Path, shard: int) -> Path:
    """Return the file of one shard: `[images, size, size, 3]` uint8."""
    return folder / f"shard-{shard:05d}.npy"


class ImageCache:
    """Read access by row number; shards are memory-mapped.

    Args:
        shards: Where they lie; `cache_index.open_cache` reads it.
        mapped_shards: Shards kept mapped at most; whoever reads in order needs few.

    Raises:
        InputError: When read: a shard is missing or damaged.
    """

    def __init__(self, shards: Shards, mapped_shards: int = MAPPED_SHARDS) -> None:
        self.shards = shards
        self._shard = functools.lru_cache(mapped_shards)(self._map_shard)

    def __len__(self) -> int:
        return self.shards.images

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Return the images of some rows.

        Args:
            rows: `[batch]` row numbers of the manifest, in any order.

        Returns:
            `[batch, size, size, 3]` uint8.
        """
        size = self.shards.input_size
        out = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        shards, offsets = np.divmod(rows, self.shards.shard_images)
        for shard in np.unique(shards):
            chosen = shards == shard
            out[chosen] = self._shard(int(shard))[offsets[chosen]]
        return out

    def _map_shard(self, shard: int) -> Pixels:
        path = shard_path(self.shards.folder, shard)
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: damaged image cache: {error}; delete its folder and run "
                "the same command again"
            ) from None
        expected = (self.shards.input_size, self.shards.input_size, 3)
        if array.dtype != np.uint8 or array.shape[1:] != expected:
            raise InputError(
                f"{path}: {array.dtype} {array.shape} is not this cache's; "
                "delete its folder and run the same command again"
            )
        return array
