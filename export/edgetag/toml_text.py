"""Values as TOML, which the standard library reads but does not write; what it reads, as tuples."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(values: Mapping[str, object], comments: Mapping[str, Sequence[str]]) -> str:
    """Return a TOML document.

    Args:
        values: Texts, numbers, truths, lists of these, and tables of all; no None.
        comments: Dotted name of a table → lines to stand above it, `""` for the document.
    """
    return "\n".join(_table((), values, comments)).lstrip("\n") + "\n"


def _table(
    path: tuple[str, ...], values: Mapping[str, object], comments: Mapping[str, Sequence[str]]
) -> list[str]:
    inner = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    own = {key: value for key, value in values.items() if key not in inner}
    lines = [f"# {line}".rstrip() for line in comments.get(".".join(path), ())]
    if own or not inner:
        lines += [f"[{'.'.join(map(key_text, path))}]"] if path else []
        lines += [f"{key_text(key)} = {value_text(value)}" for key, value in own.items()]
    if lines:
        lines.insert(0, "")
    for key, value in inner.items():
        lines += _table((*path, key), value, comments)
    return lines


def key_text(key: str) -> str:
    """Return a key, in quotes where it must have some."""
    return key if _BARE.fullmatch(key) else _text(key)


def value_text(value: object) -> str:
    """Return a text, a number, a truth, a list of these, or an inline table of all."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{key_text(key)} = {value_text(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    raise TypeError(f"{value!r} has no place in TOML")


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but TOML also wants DEL escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def with_tuples(value: Any) -> Any:
    """Return what `tomllib` read with tuples in the place of lists, as strict records want them."""
    if isinstance(value, dict):
        return {key: with_tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(with_tuples(item) for item in value)
    return value
