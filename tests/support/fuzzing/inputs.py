"""Inputs a little or very wrong, made of right ones."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

NUMBERS = (0, 1, 2, 4, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Where counters and offsets overflow."""

TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "nan",
    "\0",
    "\n",
    "\x1b[2J",
    "\u202e",
    "\ufeff",
    "\ud800",
    "../../x",
    "/etc/passwd",
    "~/x",
    "a\\b",
    "x" * 5000,
    "cat",
    "2026-11-28T09:30:00+00:00",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
)
LEAVES: tuple[Any, ...] = (
    *TEXTS,
    None,
    True,
    False,
    -1,
    0,
    1,
    255,
    2**31,
    2**63,
    10**400,
    0.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    [None],
    {"": {}},
)


@st.composite
def damaged(draw: st.DrawFn, originals: Sequence[bytes]) -> bytes:
    """Change bytes in up to five places: overwritten, cut out, put in, repeated, or of another."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(data)))
        size = draw(st.integers(1, 64))
        match draw(st.sampled_from(("number", "bytes", "cut", "put", "repeat", "graft", "end"))):
            case "number":
                width = draw(st.sampled_from((1, 2, 4, 8)))
                number = draw(st.sampled_from(NUMBERS)) % 256**width
                data[place : place + width] = number.to_bytes(width, "little")
            case "bytes":
                new = draw(st.binary(min_size=1, max_size=8))
                data[place : place + len(new)] = new
            case "cut":
                del data[place : place + size]
            case "put":
                data[place:place] = draw(st.binary(min_size=1, max_size=8))
            case "repeat":
                data[place:place] = data[place : place + size]
            case "graft":
                other = draw(st.sampled_from(originals))
                start = draw(st.integers(0, len(other)))
                data[place : place + size] = other[start : start + size]
            case _:
                del data[place:]
    return bytes(data)


@st.composite
def altered(draw: st.DrawFn, originals: Sequence[Any]) -> Any:
    """Change places of a JSON value: another value, another key, gone, twice, of a neighbour."""
    value = json.loads(json.dumps(draw(st.sampled_from(originals))))
    for _ in range(draw(st.integers(1, 4))):
        holder, places = {"": value}, list(_places({"": value}))
        *path, last = places[draw(st.integers(0, len(places) - 1))]
        inner: Any = holder
        for part in path:
            inner = inner[part]
        match draw(st.sampled_from(("leaf", "gone", "twice", "other", "key"))):
            case "leaf":
                inner[last] = draw(st.sampled_from(LEAVES))
            case "gone" if path:
                del inner[last]
            case "twice" if isinstance(inner, list):
                inner.insert(last, inner[last])
            case "key" if isinstance(inner, dict) and path:
                inner[draw(st.sampled_from(TEXTS))] = inner.pop(last)
            case _:
                inner[last] = _at(holder, places[draw(st.integers(0, len(places) - 1))])
        value = json.loads(json.dumps(holder[""]))
    return value


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from _places(item, (*path, key))


def _at(value: Any, path: Sequence[Any]) -> Any:
    for part in path:
        value = value[part]
    return json.loads(json.dumps(value))


def json_bytes(originals: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """JSON of an altered value, or JSON with damaged bytes, or one value in far too many others."""
    texts = [json.dumps(value).encode() for value in originals]
    deep = st.sampled_from((b"[", b'{"a":')).flatmap(
        lambda start: st.sampled_from((900, 100_000)).map(lambda times: start * times)
    )
    written = altered(originals).flatmap(
        lambda value: st.booleans().map(lambda ascii_only: _utf8(value, ascii_only))
    )
    return st.one_of(written, written, damaged(texts), deep)


def _utf8(value: Any, ascii_only: bool) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
