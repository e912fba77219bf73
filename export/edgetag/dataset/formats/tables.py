"""Tables as rows of cells: CSV, JSON Lines and Parquet, with the line or row of each.

CSV is read as people's tools write it: with or without a byte order mark, lines that end in LF,
CRLF or CR, commas and line breaks inside quotes.
"""

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgetag.dataset.listing import Crop, LabelRow
from edgetag.dataset.location import is_unicode
from edgetag.errors import InputError
from edgetag.tables.text import first_few
from edgetag.userfiles import read_file

TABLE_SUFFIXES = (".csv", ".jsonl", ".ndjson", ".parquet")
MOST_BYTES = 8_000_000_000
"""Most bytes of a table; ten million images with a hundred tags take four."""

MOST_WEIGHT = 100
"""Most times that a picture comes in an epoch."""

_LABELS: dict[object, int | None] = {
    "1": 1,
    "0": 0,
    "": None,
    "1.0": 1,
    "0.0": 0,
    "true": 1,
    "false": 0,
    1: 1,
    0: 0,
    None: None,
}
COLUMNS_TOLD = 12
_SPLIT = re.compile(r"train|validation|test|test_\w+")
_CROP = re.compile(r"\s*(-?\d{1,6})\s+(-?\d{1,6})\s+(-?\d{1,6})\s+(-?\d{1,6})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `cells` lacks the columns that a JSON line leaves out."""

    where: str
    cells: dict[str, object]


@dataclass(frozen=True)
class Table:
    """A whole table in memory."""

    source: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def require(self, columns: tuple[str, ...], hint: str = "") -> None:
        """Refuse the table if it lacks a column.

        Raises:
            InputError: It does; the text names what lacks and what is there.
        """
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise InputError(
                f"{self.source}: missing column{'s' if len(missing) > 1 else ''} "
                f"{_listed(missing)}; the table has {_listed(self.columns)}. "
                f"{hint or 'Add them, or name the right ones in the recipe under [data].'}"
            )


def read_table(path: Path) -> Table:
    """Read a table by its suffix.

    Raises:
        InputError: It is missing, damaged, empty, or not of a known kind.
    """
    readers = {
        ".csv": _read_csv,
        ".jsonl": _read_jsonl,
        ".ndjson": _read_jsonl,
        ".parquet": _read_parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path}: not a table; use a file that ends in {', '.join(TABLE_SUFFIXES)}"
        )
    try:
        table = reader(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the path of a table that is there") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not UTF-8 text; save the table as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if not table.rows:
        raise InputError(f"{path}: the table has no rows; list at least one image")
    return table


def _read_csv(path: Path) -> Table:
    text = read_file(path, "table", MOST_BYTES).decode("utf-8-sig")
    reader = csv.reader(_lines(text, _line_end(text)), strict=True)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            where, line = f"{path}:{line}", reader.line_num + 1
            if not cells:
                continue
            if not columns:
                columns = _header(cells, where)
            elif len(cells) != len(columns):
                raise InputError(
                    f"{where}: {len(cells)} cells, but the header names {len(columns)} columns; "
                    "quote cells that hold commas"
                )
            else:
                rows.append(Row(where, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        raise InputError(
            f"{path}:{line}: not valid CSV: {error}; check the quotes, and that commas separate "
            "the columns"
        ) from None
    if not columns:
        raise InputError(f"{path}: the file is empty; it needs a header and one row per image")
    return Table(path, columns, tuple(rows))


def _line_end(text: str) -> str:
    """Return what ends the header; Excel's "CSV (Macintosh)" has CR there, and LF in cells."""
    header = text.partition("\n")[0]
    return "\r" if "\r" in header.removesuffix("\r") else "\n"


def _lines(text: str, mark: str = "\n") -> Iterator[str]:
    # `csv` wants line ends kept; str.splitlines would also break at characters such as U+2028.
    start = 0
    while start < len(text):
        end = text.find(mark, start) + 1 or len(text)
        yield text[start:end]
        start = end


def _header(cells: list[str], where: str) -> tuple[str, ...]:
    columns = tuple(cell.strip() for cell in cells)
    for name, count in Counter(columns).items():
        if count > 1:
            raise InputError(f"{where}: two columns are named {name!r}; rename or remove one")
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        raise InputError(
            f"{where}: the columns are not separated by commas; save the table with commas"
        )
    return columns


def _read_jsonl(path: Path) -> Table:
    columns: dict[str, None] = {}
    rows: list[Row] = []
    for number, line in enumerate(
        _lines(read_file(path, "table", MOST_BYTES).decode("utf-8-sig")), start=1
    ):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where}: not valid JSON: {error}; write one object a line") from None
        if not isinstance(cells, dict):
            raise InputError(f"{where}: not a JSON object; write one object a line")
        columns.update(dict.fromkeys(cells))
        rows.append(Row(where, cells))
    return Table(path, tuple(columns), tuple(rows))


def _read_parquet(path: Path) -> Table:
    import polars as pl

    from edgetag.foreign_parquet import read_foreign_parquet

    try:
        frame = read_foreign_parquet(path)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a readable Parquet file: {reason}") from None
    rows = (
        Row(f"{path}: row {number}", cells)
        for number, cells in enumerate(frame.iter_rows(named=True), start=1)
    )
    return Table(path, tuple(frame.columns), tuple(rows))


def parse_label(value: object) -> int | None:
    """Return 1, 0 or None for unknown.

    Accepts 1, 0, booleans, and the texts `1`, `0`, `1.0`, `0.0`, `true`, `false`; an empty cell,
    null and NaN are unknown.

    Raises:
        ValueError: The value is anything else.
    """
    if isinstance(value, str):
        value = value.strip().lower()
    elif isinstance(value, float) and math.isnan(value):
        return None
    try:
        return _LABELS[value]
    except (KeyError, TypeError):
        raise ValueError(value) from None


def read_label(row: Row, column: str) -> int | None:
    """Return the label in a cell.

    Raises:
        InputError: The cell holds no label.
    """
    try:
        return parse_label(row.cells.get(column))
    except ValueError:
        raise InputError(
            f"{row.where}: column {column!r} is {row.cells[column]!r}; a label is 1 or true, 0 or "
            "false, or empty for unknown"
        ) from None


def read_path(row: Row, column: str) -> str:
    """Return the path in a cell.

    Raises:
        InputError: The cell is empty or no text.
    """
    value = row.cells.get(column)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{row.where}: column {column!r} is {value!r}; give the image's path")
    return value


def read_group(row: Row, column: str) -> str | None:
    """Return the group in a cell, or None where it is empty.

    Raises:
        InputError: It holds half a character.
    """
    value = row.cells.get(column)
    text = "" if value is None else str(value).strip()
    if not is_unicode(text):
        raise InputError(f"{row.where}: column {column!r} is {value!r}; that is no valid text")
    return text or None


def read_split(row: Row, column: str) -> str | None:
    """Return the explicit split in a cell, or None where it is empty.

    Raises:
        InputError: It is no split's name.
    """
    value = row.cells.get(column)
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if _SPLIT.fullmatch(text):
        return text
    raise InputError(
        f"{row.where}: column {column!r} is {value!r}; a split is train, validation, test or "
        "test_<name>, or empty to let the hash decide"
    )


def read_weight(row: Row, column: str | None) -> float:
    """Return the weight in a cell, 1 where it is empty or there is no such column.

    Raises:
        InputError: It is no number from 0 to 100.
    """
    value = None if column is None else row.cells.get(column)
    if value is None or value == "":
        return 1.0
    try:
        weight = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        weight = math.nan
    if 0 <= weight <= MOST_WEIGHT:
        return weight
    raise InputError(
        f"{row.where}: column {column!r} is {value!r}; a weight is a number from 0 to "
        f"{MOST_WEIGHT}, or empty for 1"
    )


def read_crop(row: Row, column: str | None) -> Crop | None:
    """Return the region in a cell, or None where it is empty or there is no such column.

    Raises:
        InputError: It is no region.
    """
    value = None if column is None else row.cells.get(column)
    if value is None or value == "":
        return None
    if isinstance(value, str) and (match := _CROP.fullmatch(value)):
        left, top, right, bottom = (int(number) for number in match.groups())
        if left < right and top < bottom:
            return left, top, right, bottom
    raise InputError(
        f"{row.where}: column {column!r} is {value!r}; a region is `left top right bottom` in "
        "whole pixels, right and bottom larger, or empty for the whole picture"
    )


def share_row(rows: dict[LabelRow, LabelRow], row: LabelRow) -> LabelRow:
    """Return the first equal row, so that equal labels take their memory once."""
    return rows.setdefault(row, row)


def _listed(names: Iterable[str]) -> str:
    return first_few([repr(name) for name in names], COLUMNS_TOLD)
