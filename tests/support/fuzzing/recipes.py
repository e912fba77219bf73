"""Recipes to fuzz their reader with."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from hypothesis import strategies as st
from pydantic import BaseModel

from edgetag.recipe import Recipe, load_recipe
from tests.support.fuzzing.holding import Target
from tests.support.fuzzing.inputs import TEXTS, damaged
from tests.support.paths import ROOT


@contextlib.contextmanager
def recipes(_: Path) -> Iterator[Target]:
    """Recipes: lines changed, moved, gone, and any key there is with any value."""
    paths = sorted((ROOT / "models").glob("*/recipe.toml"))
    originals = [path.read_bytes() for path in paths]

    def read(given: bytes, folder: Path) -> None:
        path = folder / "recipe.toml"
        path.write_bytes(given)
        load_recipe(path)

    yield Target(st.one_of(_toml(originals), damaged(originals)), read)


TOML_VALUES = (
    *(json.dumps(text, ensure_ascii=True) for text in TEXTS if text != "\ud800"),
    *("true", "-1", "0", "1", "3", "0.5", "1e308", "nan", "inf", "-0.0", "9223372036854775807"),
    *("[]", "[[]]", "{}", '["a"]', '["a", "a"]', "[1, 2]", "{ a = 1 }", "2026-11-28", "12:00:00"),
    *('["int8", "int8"]', '["fp32"]', '"int8"', '"litert"', "[{}]", "9" * 5000, "0x", "'''"),
    "[" * 2000,
)


@st.composite
def _toml(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    lines = draw(st.sampled_from(originals)).decode().splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        value = draw(st.sampled_from(TOML_VALUES))
        section, key = draw(st.sampled_from(KEYS))
        match draw(st.sampled_from(("value", "gone", "twice", "moved", "key", "section"))):
            case "value":
                lines[at] = f"{lines[at].partition('=')[0]}= {value}"
            case "gone" if len(lines) > 1:
                del lines[at]
            case "twice":
                lines.insert(at, lines[at])
            case "moved":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case "key":
                lines.insert(at, f"{key} = {value}")
            case _:
                lines += [f"[{section}]", f"{key} = {value}"] if section else []
    return "\n".join(lines).encode()


def _keys(kind: type[BaseModel], section: str = "") -> Iterator[tuple[str, str]]:
    """Yield every key of a section and those below it, with the section's name."""
    for name, field in kind.model_fields.items():
        yield section, name
        for inner in _models(field.annotation):
            yield from _keys(inner, f"{section}.{name}".strip("."))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


KEYS = list(_keys(Recipe))
