"""Tables of answers: what people say of tags in pictures, as `[data] corrections` takes them.

A row of a long table is one answer: `identity` and `path` say of which picture (either will do),
`tag` and `label` what is said (1, 0, or empty: nobody can tell), `by` who said it and `at` when. A
wide table of labels will do as well, such as the Android app's: each of its known labels is an
answer, about the picture of its path and, where the table has such a column, of its identity.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from edgetag.dataset.before_answers import BEFORE_ANSWERS
from edgetag.dataset.formats.tables import (
    Row,
    Table,
    read_label,
    read_path,
    read_table,
)
from edgetag.dataset.location import is_file_name
from edgetag.errors import InputError
from edgetag.tables.csv import to_csv
from edgetag.tags import Vocabulary


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says of a tag in a picture.

    Attributes:
        identity: The picture: SHA-256 of its bytes, with `#left,top,right,bottom` where it is a
            region; empty where only the path is known.
        path: The picture, relative to the data root; empty where only the identity is known.
        tag: What it is about.
        label: 1, 0, or None where nobody can tell.
        by: Who says so; without a column of it, the table's name.
        at: When, in UTC as ISO 8601; empty where the table does not say.
        where: Table and line or row; empty before it is in one.
    """

    identity: str
    path: str
    tag: str
    label: int | None
    by: str
    at: str
    where: str = ""


COLUMNS = tuple(field.name for field in fields(Answer) if field.name != "where")
"""Of a long table."""


def read_answers(path: Path, vocabulary: Vocabulary) -> tuple[Answer, ...]:
    """Read a table of answers, long or wide.

    Args:
        path: CSV, JSON Lines or Parquet.
        vocabulary: The tags that there are; of a wide table they are the columns. Answers of other
            tags in a long table are read too.

    Raises:
        InputError: The table is missing, damaged, or holds what is no answer.
    """
    table = read_table(path)
    if {"tag", "label"} <= set(table.columns):
        if not {"identity", "path"} & set(table.columns):
            table.require(("path",), "Say of which picture each answer is: its path, or identity.")
        return tuple(_answer(row, path.stem) for row in table.rows)
    return tuple(_wide(table, vocabulary))


def answers_csv(answers: Iterable[Answer]) -> str:
    """Return a long table of answers as CSV."""
    # A label that nobody can tell, None, is an empty cell.
    return to_csv(COLUMNS, (astuple(answer)[: len(COLUMNS)] for answer in answers))


def moment_in_utc(text: str) -> str:
    """Return a moment of ISO 8601, with a zone, in UTC.

    Raises:
        ValueError: It is none, has no zone, or lies before the year 1 or after 9999 in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    try:
        return moment.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None


def _answer(row: Row, owner: str) -> Answer:
    identity, path = _text(row, "identity"), _text(row, "path")
    if not (identity or path):
        raise InputError(f"{row.where}: neither identity nor path; say of which picture this is")
    if not (tag := _text(row, "tag")):
        raise InputError(f"{row.where}: column 'tag' is empty; say what the answer is about")
    if "label" not in row.cells:
        raise InputError(
            f"{row.where}: no key 'label'; give 1, 0, or null, which says that nobody can tell"
        )
    by, at = _text(row, "by") or owner, _moment(row)
    return Answer(identity, path, tag, read_label(row, "label"), by, at, row.where)


def _wide(table: Table, vocabulary: Vocabulary) -> Iterable[Answer]:
    known = [name for name in vocabulary.names if name in table.columns]
    if BEFORE_ANSWERS in table.columns and BEFORE_ANSWERS not in known:
        raise InputError(
            f"{table.source}: labels of all pictures, as edgetag review export --format wide "
            "writes them, not answers; name it in data.source, or export --format answers"
        )
    if not known or "path" not in table.columns:
        raise InputError(
            f"{table.source}: no table of answers; it needs the columns path, tag and label, or "
            f"path and tags of data.tags; it has {', '.join(map(repr, table.columns))}"
        )
    for row in table.rows:
        path = read_path(row, "path")
        identity = "" if "identity" in known else _text(row, "identity")
        for tag in known:
            label = read_label(row, tag)
            if label is not None:
                yield Answer(identity, path, tag, label, table.source.stem, "", row.where)


def _text(row: Row, column: str) -> str:
    value = row.cells.get(column)
    text = "" if value is None else str(value).strip()
    if not is_file_name(text):
        raise InputError(f"{row.where}: column {column!r} is {value!r}; that is no valid text")
    return text


def _moment(row: Row) -> str:
    text = _text(row, "at")
    try:
        return moment_in_utc(text) if text else ""
    except ValueError:
        raise InputError(
            f"{row.where}: column 'at' is {text!r}; give a moment with its zone, such as "
            "2026-11-28T09:30:00+00:00, or leave it empty"
        ) from None
