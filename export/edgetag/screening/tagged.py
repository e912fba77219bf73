"""The table that `edgetag tag` wrote: pictures, scores, tags that are set."""

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.errors import InputError
from edgetag.foreign_parquet import read_foreign_parquet
from edgetag.tagging.batch import FORMATS, SCORE, in_cell
from edgetag.userfiles import require_file, require_text
from edgetag.workspace import digest_file

MOST_BYTES = 64_000_000_000

HEX = re.compile(rb"\\x([89a-f][0-9a-f])")
"""How `edgetag tag` writes bytes of a name that are no text."""


@dataclass(frozen=True, eq=False)
class Tagged:
    """Pictures that were tagged.

    Attributes:
        paths: As they were named when they were tagged.
        sha256: Digest of each; empty where it could not be read.
        readable: `[pictures]`: whether it has scores.
        scores: Tag → `[pictures]` float32; zeros where there are none.
        is_set: Tag → `[pictures]`: whether the model's threshold was reached.
    """

    paths: tuple[str, ...]
    sha256: tuple[str, ...]
    readable: npt.NDArray[np.bool_]
    scores: dict[str, npt.NDArray[np.float32]]
    is_set: dict[str, npt.NDArray[np.bool_]]

    @property
    def tags(self) -> tuple[str, ...]:
        """The vocabulary."""
        return tuple(self.scores)

    def file_of(self, row: int) -> Path:
        """Return the file of a picture, also where its name is no text.

        A file may also be called as another one's name is written. Of two, the digest tells.
        """
        written = self.paths[row]
        meant = HEX.sub(lambda byte: bytes([int(byte[1], 16)]), written.encode())
        plain, other = Path(written), Path(os.fsdecode(meant))
        if plain == other or not other.is_file():
            return plain
        return plain if plain.is_file() and digest_file(plain) == self.sha256[row] else other


def read_tagged(path: Path) -> Tagged:
    """Read a table of `edgetag tag`.

    Raises:
        InputError: It is missing, no such table, or damaged.
    """
    table = _read(path)
    names = [column for column in table.columns if column.startswith(SCORE)]
    lacking = {"path", "sha256", "error", "tags"} - set(table.columns)
    if lacking or not names:
        raise InputError(
            f"{path}: not a table of edgetag tag: it lacks "
            f"{', '.join(sorted(lacking)) or 'scores'}; make it with: edgetag tag"
        )
    if table["path"].has_nulls():
        raise InputError(f"{path}: not a table of edgetag tag: it has rows without a path")
    try:
        scores = {
            name.removeprefix(SCORE): table[name].cast(pl.Float32).fill_null(0).to_numpy()
            for name in names
        }
        given = table["tags"]
        if isinstance(given.dtype, pl.List):  # of nothing at all where no tag is set
            lists = given.cast(pl.List(pl.String)).fill_null([])
        else:
            cells = given.cast(pl.String).fill_null("")
            lists = cells.str.split(",")
            if any(in_cell(tag) != tag for tag in scores):
                rows = [next(csv.reader([cell]), []) for cell in cells]
                lists = pl.Series(rows, dtype=pl.List(pl.String))
        is_set = {tag: lists.list.contains(tag).to_numpy() for tag in scores}
        return Tagged(
            paths=tuple(table["path"].cast(pl.String).to_list()),
            sha256=tuple(table["sha256"].cast(pl.String).fill_null("").to_list()),
            readable=table[names[0]].is_not_null().to_numpy(),
            scores=scores,
            is_set=is_set,
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: not a table of edgetag tag: {error}") from None


def _read(path: Path) -> pl.DataFrame:
    if path.suffix not in FORMATS:
        raise InputError(f"{path}: its name must end in one of {', '.join(FORMATS)}")
    require_text(path)
    try:
        require_file(path, "table", MOST_BYTES)
        if path.suffix == ".csv":
            # Names such as 001 are no numbers.
            texts = dict.fromkeys(("path", "sha256", "error", "tags"), pl.String)
            table = pl.read_csv(path, infer_schema_length=None, schema_overrides=texts, glob=False)
            if any('"' in name for name in table.columns):
                table.columns = _header(path)  # polars leaves quotes doubled in names of columns
            return table
        if path.suffix == ".jsonl":
            with path.open("rb") as file:  # of a path polars makes a pattern
                return pl.read_ndjson(file, infer_schema_length=None)
        return read_foreign_parquet(path)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such table; make it with: edgetag tag") from None
    except (OSError, ValueError, csv.Error, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: not a readable table: {error}") from None


def _header(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))
