"""What later stages see of the data: rows of a split, their labels, images, digests and groups."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.cache_index import open_cache
from edgetag.dataset.integrity import damaged_shards
from edgetag.dataset.result import SplitCounts, TagCounts
from edgetag.errors import InputError
from edgetag.image_cache import ImageCache
from edgetag.labels import UNKNOWN, Labels
from edgetag.preprocess import Pixels
from edgetag.tables.formats import format_count
from edgetag.tags import Vocabulary
from edgetag.workspace import Workspace

Rows = npt.NDArray[np.int64]
"""`[n]` row numbers of the manifest, which are also positions in the cache."""


_NONE = pl.lit([], dtype=pl.List(pl.String))
NEEDED = ("identity", "path", "split", "group")
SINCE = {
    "weight": pl.lit(1.0),
    "answered": _NONE,
    "confirmed": _NONE,
    "contested": _NONE,
    "repeats": _NONE,
    "before_answers": pl.lit(""),
}
"""Columns that older manifests lack, and what they would hold."""


@dataclass(frozen=True)
class Dataset:
    """A manifest with its image cache.

    Attributes:
        manifest: One row per image: `identity` (SHA-256 of the file, with
            `#left,top,right,bottom` where it is a region), `path` (relative to the data root),
            `digest` (SHA-256), `sha1`, `split`, `group` (null where the table has none), `crop`
            (a list of left, top, right, bottom, or null), `weight` (how often it comes in an
            epoch of training), `answered` (a list of the tags whose label is people's, see
            `[data] corrections`), `confirmed` (those of which people say what the source says),
            `repeats` (a list of the other paths of the same image), `contested` (a list of the
            tags about which rows of the source contradict each other), `before_answers` (as the
            source says it, see `before_answers`; empty where its labels are its own), then one Int8
            column per tag, named `tag:<name>` (1, 0 or null).
        vocabulary: The tags, in column order.
        cache: The letterboxed images, in row order.
    """

    manifest: pl.DataFrame
    vocabulary: Vocabulary
    cache: ImageCache

    def splits(self) -> tuple[str, ...]:
        """Return the names of the splits that have images, sorted."""
        return tuple(sorted(self.manifest["split"].unique().to_list()))

    def rows(self, split: str) -> Rows:
        """Return the rows of a split, ascending.

        Raises:
            InputError: There is no such split.
        """
        rows = np.flatnonzero((self.manifest["split"] == split).to_numpy()).astype(np.int64)
        if not len(rows):
            raise InputError(
                f"no image is in split {split!r}; the manifest has: {', '.join(self.splits())}"
            )
        return rows

    def labels(self, rows: Rows) -> Labels:
        """Return `[n, tags]` int8 with 1, 0 and -1 for unknown."""
        columns = [f"tag:{name}" for name in self.vocabulary.names]
        table = self.manifest.select(pl.col(columns).fill_null(UNKNOWN))
        return table[rows].to_numpy().astype(np.int8)

    def weighted(self, rows: Rows, seed: int, answered_weight: float = 1.0) -> Rows:
        """Return rows as often as they come in an epoch of training.

        A weight's fraction comes by chance, decided once: of pictures with 0.5 every second does.

        Args:
            rows: `[n]`.
            seed: Decides which.
            answered_weight: Times the weight of pictures of which people answered a tag.

        Raises:
            InputError: No weight is above 0.
        """
        weights = self.manifest["weight"][rows].to_numpy()
        if answered_weight != 1:
            is_answered = self.answered(rows).any(axis=1)
            weights = np.where(is_answered, weights * answered_weight, weights)
        whole = np.floor(weights)
        drawn = np.random.default_rng(seed).random(len(rows)) < weights - whole
        repeated = np.repeat(rows, whole.astype(np.int64) + drawn)
        if not len(repeated):
            raise InputError("no picture to train on has a weight above 0; raise some")
        return repeated

    def answered(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Return `[n, tags]`: whether people's corrections decided the label."""
        return self._listed("answered", rows)

    def confirmed(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Return `[n, tags]`: whether people's answers decided the label, and the source has it."""
        return self._listed("confirmed", rows)

    def contested(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Return `[n, tags]`: whether the source has both labels, and nobody has decided."""
        return self._listed("contested", rows) & ~self.answered(rows)

    def _listed(self, column: str, rows: Rows) -> npt.NDArray[np.bool_]:
        names = self.vocabulary.names
        lists = self.manifest[column][rows].to_list()
        return np.array([[tag in own for tag in names] for own in lists], dtype=bool)

    def counts(self) -> dict[str, SplitCounts]:
        """Return the images and labels of each split, by its name."""
        counts = {}
        for split in self.splits():
            labels = self.labels(self.rows(split))
            counts[split] = SplitCounts(
                images=len(labels),
                tags={
                    tag: TagCounts(
                        positives=int((column == 1).sum()),
                        negatives=int((column == 0).sum()),
                        unknown=int((column == UNKNOWN).sum()),
                    )
                    for tag, column in zip(self.vocabulary.names, labels.T, strict=True)
                },
            )
        return counts

    def images(self, rows: Rows) -> Pixels:
        """Return `[n, size, size, 3]` uint8."""
        return self.cache[rows]

    def identities(self, rows: Rows) -> list[str]:
        """Return what names each image; scores are matched by it, never by position."""
        return self.manifest["identity"][rows].to_list()

    def paths(self, rows: Rows) -> list[str]:
        """Return where each image lies, relative to the data root."""
        return self.manifest["path"][rows].to_list()

    def digests_of_paths(self) -> dict[str, str]:
        """Return path → SHA-256 of the file, of all images and of those that repeat them."""
        return {
            path: identity.partition("#")[0]
            for identity, own, repeats in self.manifest["identity", "path", "repeats"].iter_rows()
            for path in (own, *repeats)
        }

    def digest(self, rows: Rows) -> str:
        """Digest identities, groups and labels; as bytes, JSON of a million images is slow."""
        digest = hashlib.sha256(np.ascontiguousarray(self.labels(rows)).tobytes())
        for names in (self.identities(rows), self.groups(rows)):
            digest.update("\n".join(names).encode() + b"\0")
        return digest.hexdigest()

    def groups(self, rows: Rows) -> list[str]:
        """Return each image's group; without one it is of a group of all regions of its file."""
        file = pl.col("identity").str.replace("#.*", "")
        table = self.manifest.select(pl.coalesce("group", file).alias("group"))
        return table["group"][rows].to_list()


def read_manifest(path: Path) -> pl.DataFrame:
    """Read `dataset/manifest.parquet`.

    Raises:
        InputError: It is missing or damaged.
    """
    try:
        manifest = pl.read_parquet(path, glob=False)
    except FileNotFoundError:
        raise InputError(f"{path}: missing; run: edgetag data build") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{path}: not a readable manifest: {error}; run: edgetag data build"
        ) from None
    if gone := [name for name in NEEDED if name not in manifest.columns]:
        raise InputError(f"{path}: lacks the column {gone[0]!r}; run: edgetag data build")
    lacking = [value.alias(name) for name, value in SINCE.items() if name not in manifest.columns]
    return manifest.with_columns(lacking)


def open_dataset(
    workspace: Workspace, input_size: int | None = None, tags: tuple[str, ...] | None = None
) -> Dataset:
    """Open the data that the dataset stage has built, of an input size and of tags where given.

    Raises:
        InputError: It is missing, damaged, its parts do not fit, or its images have another size
            or its rows other tags.
    """
    manifest = read_manifest(workspace.manifest)
    cache = open_cache(workspace.cache)
    if input_size not in (None, cache.shards.input_size):
        raise InputError(
            f"{workspace.cache}: images of {cache.shards.input_size} px, but the recipe's "
            f"input_size is {input_size}; run: edgetag data build"
        )
    if damaged := damaged_shards(workspace.cache):
        raise InputError(
            f"{damaged[0]}: missing, or not as it was written; run: edgetag data build"
        )
    if len(manifest) != len(cache):
        raise InputError(
            f"{workspace.cache}: {format_count(len(cache))} images, but the manifest lists "
            f"{format_count(len(manifest))}; "
            "run: edgetag data build"
        )
    names = tuple(c.removeprefix("tag:") for c in manifest.columns if c.startswith("tag:"))
    if tags not in (None, names):
        raise InputError(
            f"{workspace.manifest}: made with other tags than the recipe lists; "
            "run: edgetag data build"
        )
    return Dataset(manifest, Vocabulary(names), cache)
