"""Tags many pictures into a table, on all cores, so that a kill loses nothing finished."""

import re
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from edgetag.errors import InputError
from edgetag.progress import Progress, format_rate, format_seconds
from edgetag.records import Result
from edgetag.tables.formats import counted, format_count
from edgetag.tagging.engines import Engine, on_threads
from edgetag.tagging.listing import Listed, contents, require_some, shown_name, stamp_of
from edgetag.tagging.parts import Parts, Row, open_parts
from edgetag.tagging.sidecars import Style, require_separable, write_sidecars
from edgetag.tagging.tagger import Tagger
from edgetag.writing import atomic_write

PART_ROWS = 256
PART_S = 10.0
"""A part is written after so many pictures or seconds: what a kill can cost."""

FORMATS = (".csv", ".jsonl", ".parquet")
SCORE = "score_"
"""Before a tag's name in its column, so that no tag can be called like another column."""


class BatchResult(Result):
    """What a batch came to.

    Attributes:
        out: The table.
        pictures: Its rows.
        unreadable: Rows with an error in the place of scores.
        reused: Rows that were finished before, or whose picture was tagged under another name.
        seconds: From the first picture to the last.
        sidecars: Text files beside pictures that hold their tags now.
        without_sidecar: Path and reason of pictures that could get none.
        scaled_jpeg: Whether large JPEG files were decoded at a fraction of their size, so that
            their scores lie beside those of the contract.
    """

    SCHEMA: ClassVar[str] = "edgetag.batch/1.0"
    out: str
    pictures: int
    unreadable: int
    reused: int
    seconds: float
    sidecars: int = 0
    without_sidecar: tuple[tuple[str, str], ...] = ()
    scaled_jpeg: bool = False

    def sentence(self) -> str:
        """Return it for people."""
        computed = self.pictures - self.reused
        rate = (
            f", {format_rate(computed / self.seconds)} a second"
            if computed and self.seconds
            else ""
        )
        parts = [
            f"{self.out}: {counted(self.pictures, 'picture')}",
            *([f"{format_count(self.unreadable)} unreadable"] if self.unreadable else []),
            *([f"{format_count(self.reused)} known before"] if self.reused else []),
            *([f"{counted(self.sidecars, 'sidecar')}"] if self.sidecars else []),
            *(["large JPEG files scaled while decoding"] if self.scaled_jpeg else []),
        ]
        return f"{'; '.join(parts)} ({format_seconds(self.seconds)}{rate})"


def require_table_name(out: Path) -> None:
    """Refuse an output that can be no table.

    Raises:
        InputError: The suffix is no format's, or it is a folder or an address.
    """
    # A Path has one slash of the two.
    if re.match(r"[a-z][a-z0-9+.]+:/", str(out)) and not out.parent.exists():
        raise InputError(f"{out}: an address; tables are written on this machine: name a file")
    if out.suffix not in FORMATS:
        raise InputError(f"{out}: its name must end in one of {', '.join(FORMATS)}")
    if out.is_dir():
        raise InputError(f"{out}: a folder; give the name of a file")


def tag_pictures(
    tagger: Tagger,
    pictures: Sequence[Listed],
    out: Path,
    progress: Progress,
    sidecars: Style | None = None,
    report: Callable[[pl.DataFrame], None] | None = None,
    engine: Engine = on_threads,
) -> BatchResult:
    """Write one row for each picture, in their order: path, digest, error, tags, scores.

    Finished rows lie in `OUT.parts` until the table is whole. The same command goes on there after
    a kill, and gives the same bytes as an undisturbed run.

    Args:
        tagger: The model.
        pictures: What is tagged.
        out: A `.csv`, `.jsonl` or `.parquet` file; replaced where it exists.
        progress: Is told of every picture.
        sidecars: Whether to write a text file with the tags beside each picture, and in which form.
        report: Gets the table before the parts are deleted, to write a page about it.
        engine: Computes the rows.

    Raises:
        InputError: There is no picture, the suffix is no format's, another command or batch has the
            output, sidecars cannot hold the tags, or the disk is full.
        BundleError: The model fails.
    """
    require_table_name(out)
    require_some(pictures)
    if sidecars:
        require_separable(tagger.tags, sidecars)
    folder = out.with_name(f"{out.name}.parts")
    started = time.monotonic()
    with open_parts(folder, tagger.settings(), len(tagger.tags)) as parts:
        computed = _finish(tagger, pictures, parts, progress, engine)
        seconds = time.monotonic() - started
        rows = [parts.by_stamp[stamp_of(picture)] for picture in pictures]
        table = _table(tagger, pictures, rows)
        _write(table, out)
        if report is not None:
            report(table)
        beside = (0, tuple[tuple[str, str], ...]())
        if sidecars:
            tagged = zip(pictures, table["tags"].to_list(), strict=True)
            beside = write_sidecars(
                ((Path(picture.name), tags) for picture, tags in tagged if tags is not None),
                sidecars,
            )
        shutil.rmtree(folder)
    return BatchResult(
        out=shown_name(str(out)),
        pictures=len(rows),
        unreadable=sum(bool(row.error) for row in rows),
        reused=len(rows) - computed,
        seconds=seconds,
        sidecars=beside[0],
        without_sidecar=beside[1],
        scaled_jpeg=tagger.scaled_jpeg,
    )


def _finish(
    tagger: Tagger, pictures: Sequence[Listed], parts: Parts, progress: Progress, engine: Engine
) -> int:
    """Tag what has no row yet, and return how many pictures that took."""
    left = [picture for picture in pictures if stamp_of(picture) not in parts.by_stamp]
    computed, unwritten, written = 0, 0, time.monotonic()
    with progress.track("tagging", len(pictures), "pictures") as task:
        task.advance(len(pictures) - len(left))
        try:
            for picture, row in engine(tagger, contents(left), parts.by_digest.get):
                computed += row.sha256 not in parts.by_digest
                parts.add(picture, row)
                unwritten += 1
                if unwritten == PART_ROWS or time.monotonic() - written > PART_S:
                    parts.flush()
                    unwritten, written = 0, time.monotonic()
                task.advance()
        finally:
            parts.flush()
    return computed


def _table(tagger: Tagger, pictures: Sequence[Listed], rows: Sequence[Row]) -> pl.DataFrame:
    scores = np.stack([row.scores for row in rows])
    present = scores >= tagger.model.thresholds
    readable = np.array([not row.error for row in rows])
    names = np.array(tagger.tags, dtype=object)
    columns: dict[str, object] = {
        "path": [shown_name(picture.name) for picture in pictures],
        "sha256": [row.sha256 or None for row in rows],
        "error": [row.error or None for row in rows],
        "tags": [
            names[present[number]].tolist() if readable[number] else None
            for number in range(len(rows))
        ],
    }
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "path": pl.String,
        "sha256": pl.String,
        "error": pl.String,
        "tags": pl.List(pl.String),
    }
    table = pl.DataFrame(columns, schema=schema)
    scored = [
        pl.Series(f"{SCORE}{tag}", scores[:, place], dtype=pl.Float32)
        for place, tag in enumerate(tagger.tags)
    ]
    mask = pl.Series(readable)
    return table.with_columns(
        [pl.when(mask).then(column).otherwise(None).alias(column.name) for column in scored]
    )


def in_cell(tag: str) -> str:
    """Return a tag as it stands among others in a cell of CSV: in quotes where it has a comma."""
    if "," not in tag and not tag.startswith('"'):
        return tag
    doubled = tag.replace('"', '""')
    return f'"{doubled}"'


def _write(table: pl.DataFrame, out: Path) -> None:
    kind: Literal[".csv", ".jsonl", ".parquet"] | str = out.suffix
    with atomic_write(out) as file:
        if kind == ".csv":
            tags = [name.removeprefix(SCORE) for name in table.columns if name.startswith(SCORE)]
            quoted = {tag: in_cell(tag) for tag in tags if in_cell(tag) != tag}
            cells = pl.col("tags").list.eval(pl.element().replace(quoted)).list.join(",")
            table.with_columns(cells).write_csv(file)
        elif kind == ".jsonl":
            table.write_ndjson(file)
        else:
            table.write_parquet(file)
