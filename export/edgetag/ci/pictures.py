"""The pictures that a verdict is about, byte for byte, and one table of their labels.

A picture is known by the digest of its file's bytes, with the region where it is one, and scores of
the reference are matched by that. So files are copied as they are, never encoded again, and the
table names regions. Rows keep the manifest's order: the accepted state depends on it.
"""

import hashlib
import re
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from edgetag.dataset import Dataset
from edgetag.dataset.location import Locator
from edgetag.dataset.split import VALIDATION
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.tables.csv import to_csv
from edgetag.writing import write_text

TABLE = "labels.csv"
FOLDER = "pictures"
NAME_DIGITS = 32
"""Digits of the SHA-256 in a file's name: half of them, which nobody can make two files share."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


@dataclass(frozen=True)
class Columns:
    """Names of the table's columns; none of them is a tag's."""

    path: str
    split: str
    group: str
    crop: str | None


@dataclass(frozen=True)
class Picture:
    """A file to copy.

    `digest` is what it had when the data were built; `name` is relative to the exported folder.
    """

    source: Path
    digest: str
    name: str
    size_bytes: int


@dataclass(frozen=True)
class Judged:
    """All that a verdict is about.

    `pictures` has each file once, `table` is CSV, `names` an image's identity → its file's name
    in the folder.
    """

    pictures: tuple[Picture, ...]
    columns: Columns
    table: str
    splits: dict[str, int]
    names: dict[str, str]

    @property
    def size_bytes(self) -> int:
        """Bytes of all pictures."""
        return sum(picture.size_bytes for picture in self.pictures)

    def write(self, folder: Path, progress: Progress) -> None:
        """Write pictures and table.

        Raises:
            InputError: A picture is not the one that the data were built from.
        """
        (folder / FOLDER).mkdir(parents=True)
        with progress.track("copying pictures", len(self.pictures), "pictures") as task:
            for picture in self.pictures:
                (folder / picture.name).write_bytes(_read(picture))
                task.advance()
        write_text(folder / TABLE, self.table)


def collect(recipe: Recipe, dataset: Dataset) -> Judged:
    """Find the pictures that a verdict is about; nothing is written.

    Args:
        recipe: Says where the data lie and which splits are judged.
        dataset: As a run has built it.

    Raises:
        InputError: The tags are others than when the data were built, a split has no image, or a
            picture is no longer there.
    """
    tags = recipe.data.tags
    if dataset.vocabulary.names != tags:
        raise InputError(
            "the run was made with other tags than the recipe has now; run: edgetag run RECIPE"
        )
    judged = (*recipe.validation.splits, *recipe.validation.refit_splits)
    present = [name for name in judged if name in dataset.splits() or name != VALIDATION]
    rows = np.sort(np.concatenate([dataset.rows(split) for split in present]))
    chosen = dataset.manifest[rows]
    columns = Columns(
        path=_free("path", tags),
        split=_free("split", tags),
        group=_free("group", tags),
        crop=_free("crop", tags) if chosen["crop"].is_not_null().any() else None,
    )
    pictures = _pictures(recipe, chosen)
    names = {path: picture.name for path, picture in pictures.items()}
    return Judged(
        pictures=tuple(pictures.values()),
        columns=columns,
        table=_table(chosen, columns, tags, names),
        splits={split: int((chosen["split"] == split).sum()) for split in present},
        names={
            identity: names[path]
            for identity, path in chosen.select("identity", "path").iter_rows()
        },
    )


def _pictures(recipe: Recipe, chosen: pl.DataFrame) -> dict[str, Picture]:
    """Return the file of each listed path, in the order in which they come."""
    root = recipe.data.image_root
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; set data.root to the folder of the images")
    locator = Locator(root)
    pictures: dict[str, Picture] = {}
    names: set[str] = set()
    for path, digest in chosen.select("path", "digest").iter_rows():
        if path in pictures:
            continue
        place = locator.locate(path)
        if place is None:
            raise InputError(f"{path}: leads out of {root}; run: edgetag data build")
        name = _name(path, digest, names)
        names.add(name)
        pictures[path] = Picture(Path(place), digest, name, _size(Path(place)))
    return pictures


def _name(path: str, digest: str, taken: set[str]) -> str:
    """Return a name by content; equal files under two paths keep two, as their rows do."""
    suffix = Path(path).suffix.lower()
    stem, end = digest[:NAME_DIGITS], suffix if _SUFFIX.fullmatch(suffix) else ""
    name, number = f"{FOLDER}/{stem}{end}", 1
    while name in taken:
        number += 1
        name = f"{FOLDER}/{stem}-{number}{end}"
    return name


def _size(file: Path) -> int:
    try:
        state = file.stat()
    except OSError as error:
        raise InputError(
            f"{file}: {error.strerror}; the run's pictures must lie where they were"
        ) from None
    if not stat.S_ISREG(state.st_mode):  # opening a pipe would wait for ever
        raise InputError(f"{file}: not a regular file")
    return state.st_size


def _read(picture: Picture) -> bytes:
    try:
        data = picture.source.read_bytes()
    except OSError as error:
        raise InputError(f"{picture.source}: cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != picture.digest:
        raise InputError(
            f"{picture.source}: changed since the data were built; run: edgetag run RECIPE"
        )
    return data


def _table(
    chosen: pl.DataFrame, columns: Columns, tags: tuple[str, ...], names: dict[str, str]
) -> str:
    """Return the wide table: unknown labels are empty cells."""
    extra = [] if columns.crop is None else [columns.crop]
    rows = []
    for row in chosen.iter_rows(named=True):
        cells = [names[row["path"]], row["split"], row["group"] or ""]
        cells += [" ".join(map(str, row["crop"] or ()))] if columns.crop else []
        rows.append((*cells, *(row[f"tag:{tag}"] for tag in tags)))
    return to_csv((columns.path, columns.split, columns.group, *extra, *tags), rows)


def _free(name: str, tags: tuple[str, ...]) -> str:
    while name in tags:
        name += "_"
    return name
