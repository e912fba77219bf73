"""What processes tell each other: frozen dataclasses, each one line of JSON.

The process that does a job reads it with what Python brings: pydantic takes 0.1 s to import. The
process that listens trusts nothing, and checks events with pydantic, see `process.run_job`.
"""

import json
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar, get_args, get_origin, get_type_hints


class Message(Protocol):
    """A dataclass of plain values, paths, tuples and other messages."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Kind = TypeVar("Kind", bound=Message)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What runs models cannot load or run this one, for a reason in one line."""

    event: Literal["refused"] = "refused"
    reason: str


def to_line(message: Message) -> str:
    """Return a message as JSON, without a line break."""
    return json.dumps(message, default=_plain)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else vars(value)


def from_line(kind: type[Kind], line: str) -> Kind:
    """Return the message that `to_line` wrote, of which only edgetag itself may be the author.

    A field of a union, such as `str | None`, keeps the value that JSON has.

    Raises:
        TypeError: It has other fields.
    """
    message: Kind = _built(kind, json.loads(line))
    return message


def _built(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _built(hints.get(name), part) for name, part in value.items()})  # type: ignore[operator]
    if get_origin(kind) is tuple:
        return tuple(_built(get_args(kind)[0], part) for part in value)
    return Path(value) if kind is Path else value
