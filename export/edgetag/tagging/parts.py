"""What a batch has finished, on disk: rows in parts, so that a killed batch goes on.

A part is a Parquet file that is written at once. A row is known by its picture's SHA-256 and, so
that a finished picture need not be read again, by its name, size and time.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.errors import InputError
from edgetag.locks import held
from edgetag.tagging.listing import Listed, Stamp, stamp_of
from edgetag.writing import atomic_write, write_text

SETTINGS = "batch.json"
PART = "part-{:06}.parquet"


@dataclass(frozen=True, eq=False)
class Row:
    """What became of a picture.

    Attributes:
        sha256: Digest of its bytes; empty where they could not be read.
        error: Why it has no scores; empty where it has.
        scores: `[tags]` float32; zeros where there are none.
    """

    sha256: str
    error: str
    scores: npt.NDArray[np.float32]


class Parts:
    """Rows that are finished; used through `open_parts`, which holds the folder."""

    def __init__(self, folder: Path, n_tags: int) -> None:
        self._folder = folder
        self._n_tags = n_tags
        self.by_stamp: dict[Stamp, Row] = {}
        self.by_digest: dict[str, Row] = {}
        self._waiting: dict[Stamp, Row] = {}
        existing = sorted(folder.glob("part-*.parquet"))
        self._next = int(existing[-1].stem.removeprefix("part-")) + 1 if existing else 0
        for part in existing:
            self._read(part)

    def add(self, picture: Listed, row: Row) -> None:
        """Take a finished row; it is safe after the next `flush`."""
        stamp = stamp_of(picture)
        self._waiting[stamp] = row
        self._remember(stamp, row)

    def flush(self) -> None:
        """Write what was added as one more part.

        Raises:
            InputError: The disk is full.
        """
        if not self._waiting:
            return
        stamps, rows = zip(*self._waiting.items(), strict=True)
        names, sizes, times, places = zip(*stamps, strict=True)
        table = pl.DataFrame(
            {
                # Bytes, since a file's name need not be text.
                "name": [name.encode("utf-8", "surrogateescape") for name in names],
                "size_bytes": sizes,
                "modified_ns": times,
                "place": places,
                "sha256": [row.sha256 for row in rows],
                "error": [row.error for row in rows],
                "scores": [row.scores.astype("<f4").tobytes() for row in rows],
            },
            schema_overrides=dict.fromkeys(("size_bytes", "modified_ns", "place"), pl.Int64),
        )
        with atomic_write(self._folder / PART.format(self._next)) as file:
            table.write_parquet(file)
        self._next += 1
        self._waiting = {}

    def _remember(self, stamp: Stamp, row: Row) -> None:
        self.by_stamp[stamp] = row
        if row.sha256:
            self.by_digest[row.sha256] = row

    def _read(self, part: Path) -> None:
        try:
            table = pl.read_parquet(part, glob=False)
            for name, size, time, place, sha256, error, scores in table.iter_rows():
                values = np.frombuffer(scores, "<f4")
                if len(values) != self._n_tags:
                    raise ValueError(f"{len(values)} scores, expected {self._n_tags}")
                stamp = (name.decode("utf-8", "surrogateescape"), size, time, place)
                if sha256:  # else nothing came of it: a network or a right may be back
                    self._remember(stamp, Row(sha256, error, values))
        except (pl.exceptions.PolarsError, OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{part}: a damaged part of an unfinished batch: {error}; delete "
                f"{self._folder} and run the same command again"
            ) from None


@contextmanager
def open_parts(folder: Path, settings: Mapping[str, object], n_tags: int) -> Iterator[Parts]:
    """Hold the folder of a batch's parts, which only the same batch may go on with.

    Args:
        folder: Made where it is missing.
        settings: All that rows depend on: model, runtime, limits.
        n_tags: Scores of a row.

    Raises:
        InputError: Another command holds it, or it is of a batch with other settings.
    """
    wanted = json.dumps(settings, indent=2, sort_keys=True) + "\n"
    busy = InputError(
        f"{folder}: another command writes this output; wait for it, or give another -o"
    )
    with held(folder / ".lock", busy):
        file = folder / SETTINGS
        if file.exists() and file.read_text(encoding="utf-8") != wanted:
            raise InputError(
                f"{folder}: an unfinished batch of another model, runtime or limit lies here; "
                "finish it with those, delete the folder, or give another -o"
            )
        if not file.exists():
            # A kill while a finished batch was deleted: nothing tells of which model they are.
            for part in folder.glob("part-*.parquet"):
                part.unlink()
        write_text(file, wanted)
        yield Parts(folder, n_tags)
