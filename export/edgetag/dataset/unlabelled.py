"""Pictures of a folder without labels, beside those of the data.

The dataset stage checks, decodes and caches them as it does those of the data, in a place of their
own.
"""

import hashlib
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.dataset.view import Dataset
from edgetag.image_cache import ImageCache
from edgetag.pixels import Pixels
from edgetag.workspace import Workspace

UNLABELLED = "unlabelled"
"""The name of their split."""


def place_of(workspace: Workspace) -> Workspace:
    """Return where the dataset stage leaves them, as it leaves the data in a run folder."""
    return Workspace(workspace.dataset / UNLABELLED)


def joined(dataset: Dataset, more: Dataset) -> Dataset:
    """Return both as one; a picture of which the first has all or regions is left out.

    So a network is never taught a picture that it is judged by.
    """
    known = dataset.manifest["identity"].str.replace("#.*", "")
    new = ~more.manifest["identity"].is_in(known.to_list())
    rows = np.flatnonzero(new.to_numpy()).astype(np.int64)
    manifest = pl.concat([dataset.manifest, more.manifest[rows]], how="diagonal")
    return Dataset(manifest, dataset.vocabulary, _JoinedCache(dataset.cache, more.cache, rows))


class _JoinedCache(ImageCache):
    """A cache, followed by some rows of another."""

    def __init__(self, first: ImageCache, second: ImageCache, rows: npt.NDArray[np.int64]) -> None:
        both = hashlib.sha256((first.shards.fingerprint + second.shards.fingerprint).encode())
        self.shards = replace(first.shards, fingerprint=both.hexdigest())
        self._first, self._second, self._rows = first, second, rows

    def __len__(self) -> int:
        return len(self._first) + len(self._rows)

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Pixels:
        size = self.shards.input_size
        out = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        own = rows < len(self._first)
        out[own] = self._first[rows[own]]
        out[~own] = self._second[self._rows[rows[~own] - len(self._first)]]
        return out
