"""Every benchmark of a run folder over time, in a small SQLite file.

One row per figure, keyed by device, runtime, its version, threads, variant and the file's digest:
figures of other devices or other files stand beside each other and are never mixed.
"""

import errno
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, ValidationError

from edgetag.benchmarking.result import BenchResult
from edgetag.catalogue.engines import Accelerator
from edgetag.errors import InputError
from edgetag.records import Record, Result
from edgetag.writing import disk_error

HISTORY = "history.sqlite"


def _moment(text: str) -> str:
    """Return what says when; plots place figures by it."""
    datetime.fromisoformat(text)
    return text


Moment = Annotated[str, AfterValidator(_moment)]


class Figure(Record):
    """One latency that was measured once; see `result.Measurement`.

    `accelerator` is what was asked for and what ran the file: it was not measured where they
    differ. None in rows from before schema 1.1, and where the engine does not say.
    """

    measured_at: Moment
    device: str
    runtime: str
    runtime_version: str
    threads: int
    batch: int
    variant: str
    sha256: str
    mode: str
    runs: int
    stable: bool
    p50_ms: float = Field(gt=0, allow_inf_nan=False)
    p90_ms: float = Field(gt=0, allow_inf_nan=False)
    p99_ms: float = Field(gt=0, allow_inf_nan=False)
    accelerator: Accelerator | None = None


COLUMNS = tuple(Figure.model_fields)
SQL_TYPES: dict[object, str] = {str: "TEXT", int: "INTEGER", bool: "INTEGER", float: "REAL"}
LATER = {"accelerator": "TEXT"}
"""Columns that were not there from the start, with their types; older files get them."""
KEY = ("measured_at", "device", "runtime", "threads", "batch", "variant")


class History(Result):
    """All figures, the oldest first."""

    SCHEMA: ClassVar[str] = "edgetag.bench-history/1.1"
    figures: tuple[Figure, ...]

    def only(self, runtimes: Sequence[str] = (), variants: Sequence[str] = ()) -> "History":
        """Return the figures of some runtimes and variants; of all where none is named.

        Raises:
            InputError: There is none of a name; the text lists what there is.
        """
        for names, kind, known in (
            (runtimes, "runtime", {figure.runtime for figure in self.figures}),
            (variants, "variant", {figure.variant for figure in self.figures}),
        ):
            if unknown := [name for name in names if name not in known]:
                raise InputError(
                    f"no benchmark of {kind} {unknown[0]!r}; there are: {', '.join(sorted(known))}"
                )
        kept = tuple(
            figure
            for figure in self.figures
            if figure.runtime in (runtimes or (figure.runtime,))
            and figure.variant in (variants or (figure.variant,))
        )
        if self.figures and not kept:
            raise InputError(
                f"no benchmark of {', '.join(variants)} on {', '.join(runtimes)}; leave one out"
            )
        return History(figures=kept)


def check(path: Path) -> None:
    """Refuse a damaged history before anything is measured that could not be added to it.

    Raises:
        InputError: The file is there and is no such history.
    """
    if path.exists() and path.stat().st_size:  # an empty file becomes a history
        read_history(path)


def append(path: Path, result: BenchResult) -> None:
    """Add a benchmark's figures; adding the same benchmark again changes nothing.

    Raises:
        InputError: The file is there and is no such history, or the disk is full.
    """
    figures = [
        Figure.like(
            figure,
            measured_at=result.measured_at,
            mode=result.mode,
            p50_ms=figure.latency_ms.p50,
            p90_ms=figure.latency_ms.p90,
            p99_ms=figure.latency_ms.p99,
            accelerator=figure.accelerator and figure.accelerator.used,
        )
        for figure in result.results
    ]
    kinds = [
        f"{name} {SQL_TYPES[field.annotation]} NOT NULL"
        for name, field in Figure.model_fields.items()
        if name not in LATER
    ]
    table = f"latency ({', '.join(kinds)}, PRIMARY KEY ({', '.join(KEY)}))"
    marks = ", ".join("?" for _ in COLUMNS)
    with _opened(path) as database, database:
        database.execute(f"CREATE TABLE IF NOT EXISTS {table}")
        for name in LATER.keys() - set(_columns(database)):
            database.execute(f"ALTER TABLE latency ADD COLUMN {name} {LATER[name]}")
        database.executemany(
            f"INSERT OR IGNORE INTO latency ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608
            [tuple(figure.model_dump().values()) for figure in figures],
        )


def read_history(path: Path) -> History:
    """Return all figures, the oldest first.

    Raises:
        InputError: The file is missing or is no such history.
    """
    if not path.exists():
        raise InputError(f"{path}: missing; run: edgetag bench")
    order = "measured_at, runtime, variant, threads"
    with _opened(path) as database:
        there = _columns(database)
        columns = [name for name in COLUMNS if name in there or name not in LATER]
        rows = database.execute(
            f"SELECT {', '.join(columns)} FROM latency ORDER BY {order}"  # noqa: S608
        ).fetchall()
    try:
        figures = tuple(Figure(**dict(zip(columns, row, strict=True))) for row in rows)
    except ValidationError as error:
        raise _unusable(path, error.errors()[0]["msg"]) from None
    return History(figures=figures)


def _columns(database: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(row[1] for row in database.execute("PRAGMA table_info(latency)"))


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path)) as database:
            yield database
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise disk_error(path, OSError(errno.ENOSPC, str(error))) from None
        raise _unusable(path, error) from None


def _unusable(path: Path, why: object) -> InputError:
    return InputError(
        f"{path}: not a usable history of benchmarks: {why}; move it away and try again"
    )
