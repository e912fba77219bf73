"""Tables of labels and of answers to fuzz their readers with."""

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from edgetag.dataset.answers import read_answers
from edgetag.dataset.formats import draft
from edgetag.dataset.plan import open_sources
from edgetag.errors import InputError
from edgetag.recipe import DataSection
from edgetag.tags import Vocabulary
from tests.support.fuzzing.holding import Target
from tests.support.fuzzing.inputs import TEXTS, damaged, json_bytes

CELLS = (*TEXTS, "0", "1", "1.0", "true", "a.png", "b.png", "cat,dog", "train", "test_x", "0 0 9 9")
COLUMNS = (
    *("path", "cat", "dog", "tags", "split", "group", "weight", "crop", "objectId", "value"),
    "before_answers",
)
ANSWER_COLUMNS = ("identity", "path", "tag", "label", "by", "at")
TABLE_TAGS = ("cat", "dog")


def _cells(columns: tuple[str, ...]) -> st.SearchStrategy[list[dict[str, str]]]:
    names = st.lists(
        st.one_of(st.sampled_from(columns), st.sampled_from(columns), st.sampled_from(TEXTS)),
        min_size=1,
        max_size=6,
    )
    return names.flatmap(
        lambda chosen: st.lists(
            st.fixed_dictionaries({name: st.sampled_from(CELLS) for name in chosen}),
            max_size=4,
        )
    )


def _as_csv(rows: list[dict[str, str]]) -> bytes:
    def line(cells: Any) -> str:
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)

    head = [line(rows[0])] if rows else []
    return "\n".join([*head, *(line(row.values()) for row in rows)]).encode(
        "utf-8", "surrogatepass"
    )


def _as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


def _as_parquet(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(rows, strict=False).write_parquet(file)
    return file.getvalue()


KINDS = (pl.String, pl.Int8, pl.UInt64, pl.Float32, pl.Boolean, pl.Date, pl.Binary, pl.Duration)


@st.composite
def _parquet(draw: st.DrawFn, columns: tuple[str, ...]) -> bytes:
    """Columns of any type, also of lists and structures."""
    names = draw(st.lists(st.sampled_from(columns), min_size=1, max_size=5, unique=True))
    height = draw(st.integers(0, 3))
    frame = {}
    for name in names:
        text = ["a.png", "b.png", "c.png"][:height]
        match draw(st.sampled_from(("text", "kind", "list", "struct", "null", "category"))):
            case "text":
                values = draw(st.lists(st.sampled_from(TEXTS), min_size=height, max_size=height))
                frame[name] = pl.Series(
                    [value.encode(errors="replace").decode() for value in values], dtype=pl.String
                )
            case "kind":
                kind = draw(st.sampled_from(KINDS))
                value = draw(st.sampled_from((0, 1, None)))
                frame[name] = (
                    pl.Series([value] * height).cast(kind, strict=False)
                    if (kind != pl.Binary)
                    else pl.Series([b"\xff"] * height, dtype=kind)
                )
            case "list":
                frame[name] = pl.Series([["cat"]] * height, dtype=pl.List(pl.String))
            case "struct":
                frame[name] = pl.Series([{"a": 1}] * height)
            case "null":
                frame[name] = pl.Series([None] * height, dtype=pl.Null)
            case _:
                frame[name] = pl.Series(text, dtype=pl.Categorical)
    file = io.BytesIO()
    pl.DataFrame(frame).write_parquet(file)
    return file.getvalue()


GOOD_ROWS: list[dict[str, Any]] = [
    {"path": "a.png", "cat": "1", "dog": "0", "split": "train", "group": "g"},
    {"path": "b.png", "cat": "", "dog": "1", "split": "test", "group": ""},
]
GOOD_ANSWERS: list[dict[str, Any]] = [
    {"path": "a.png", "tag": "cat", "label": "1", "by": "ann", "at": "2026-11-28T09:30:00+00:00"},
    {"path": "b.png", "tag": "dog", "label": "", "by": "", "at": ""},
]


def _tables(
    columns: tuple[str, ...], good: list[dict[str, Any]]
) -> st.SearchStrategy[tuple[str, bytes]]:
    lines = json_bytes(good)
    return st.one_of(
        st.tuples(
            st.just(".csv"), st.one_of(_cells(columns).map(_as_csv), damaged([_as_csv(good)]))
        ),
        st.tuples(
            st.just(".jsonl"),
            st.one_of(
                st.lists(lines, max_size=3).map(b"\n".join),
                _cells(columns).map(_as_jsonl),
                damaged([_as_jsonl(good)]),
            ),
        ),
        st.tuples(st.just(".parquet"), st.one_of(_parquet(columns), damaged([_as_parquet(good)]))),
    )


@contextlib.contextmanager
def label_tables(_: Path) -> Iterator[Target]:
    """Tables of labels in each form, read by a recipe of any format, and as one is drafted."""
    options = st.fixed_dictionaries(
        {},
        optional={
            "format": st.sampled_from(("wide", "list")),
            "crop_column": st.just("crop"),
            "weight_column": st.just("weight"),
            "unknown_tags": st.just("ignore"),
            "absent_tags": st.just("unknown"),
        },
    )

    def read(given: tuple[tuple[str, bytes], dict[str, Any]], folder: Path) -> None:
        (suffix, data), more = given
        path = folder / f"t{suffix}"
        path.write_bytes(data)
        with contextlib.suppress(InputError):
            draft(DataSection(source=path), ())
        open_sources(DataSection(source=path, tags=TABLE_TAGS, **more))

    yield Target(st.tuples(_tables(COLUMNS, GOOD_ROWS), options), read)


@contextlib.contextmanager
def answer_tables(_: Path) -> Iterator[Target]:
    """Tables of what people say, long and wide."""

    def read(given: tuple[str, bytes], folder: Path) -> None:
        suffix, data = given
        path = folder / f"t{suffix}"
        path.write_bytes(data)
        read_answers(path, Vocabulary(TABLE_TAGS))

    yield Target(_tables((*ANSWER_COLUMNS, *TABLE_TAGS), GOOD_ANSWERS), read)
