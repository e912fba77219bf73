"""A temporary image cache of wrongly made squares, which a runtime's own process can read."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from edgetag.errors import InputError
from edgetag.image_cache import CacheIndex, shard_path
from edgetag.preprocess import Pixels
from edgetag.workspace import write_array, write_text

SHARD_IMAGES = 256
"""Squares held in memory: 39 MB at 224 px."""


class Squares:
    """Collects squares in a folder that is deleted afterwards.

    Args:
        folder: Where; what a killed command left there is removed.
        size: Height and width.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size
        self._shard: list[Pixels] = []
        self._written = 0

    def __enter__(self) -> Self:
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be made: {error.strerror}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, square: Pixels) -> int:
        """Take one square `[size, size, 3]` and return its row."""
        self._shard.append(square)
        row = self._written + len(self._shard) - 1
        if len(self._shard) == SHARD_IMAGES:
            self._flush()
        return row

    def finish(self) -> None:
        """Make what was added readable as an `ImageCache`."""
        if self._shard:
            self._flush()
        index = CacheIndex(
            images=self._written,
            input_size=self._size,
            shard_images=SHARD_IMAGES,
            fingerprint="mistakes",
        )
        write_text(self.folder / "index.json", index.to_json())

    def _flush(self) -> None:
        path = shard_path(self.folder, self._written // SHARD_IMAGES)
        write_array(path, np.stack(self._shard))
        self._written += len(self._shard)
        self._shard = []
