"""Plain pictures for a runtime's own process, which reads images from a cache.

They lie on disk while a block lasts: a file is scored over pictures that belong to no run folder.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgetag.arrays import write_array
from edgetag.cache_index import CacheIndex
from edgetag.image_cache import shard_path
from edgetag.pixels import Pixels
from edgetag.scratch import scratch_folder

SHARD_IMAGES = 256
"""Squares held in memory: 39 MB at 224 px."""


class ImageWriter:
    """Writes squares as an image cache, without holding more than a shard of them.

    Args:
        folder: Where the cache is made; see `image_cache.ImageCache`.
        size: Height and width of every square, in pixels.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size
        self._shard: list[Pixels] = []
        self._written = 0

    def add(self, square: Pixels) -> int:
        """Take one square, `[size, size, 3]` uint8, and return its row."""
        self._shard.append(square)
        row = self._written + len(self._shard) - 1
        if len(self._shard) == SHARD_IMAGES:
            self._flush()
        return row

    def finish(self) -> None:
        """Make what was added readable."""
        if self._shard:
            self._flush()
        index = CacheIndex(
            images=self._written,
            input_size=self._size,
            shard_images=SHARD_IMAGES,
            fingerprint="temporary",
        )
        index.write(self.folder / "index.json")

    def _flush(self) -> None:
        path = shard_path(self.folder, self._written // SHARD_IMAGES)
        write_array(path, np.stack(self._shard))
        self._written += len(self._shard)
        self._shard = []


@contextmanager
def images_on_disk(squares: Iterable[Pixels], size: int) -> Iterator[Path]:
    """Lay squares out for a runtime's process.

    Each is `[size, size, 3]` uint8.

    Yields:
        The cache's folder, which is gone when the block ends.

    Raises:
        InputError: The disk is full.
    """
    with scratch_folder() as folder:
        writer = ImageWriter(folder, size)
        for square in squares:
            writer.add(square)
        writer.finish()
        yield folder
