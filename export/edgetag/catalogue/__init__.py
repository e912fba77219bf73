"""What is chosen by name: networks, engines, label formats, variants. Each has one file here.

To add one, write a line there and the file that the line names, where its kind is implemented. A
line holds the facts that a recipe goes by; so reading a recipe imports no implementation, and
nothing here imports more than the standard library.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar


class Named(Protocol):
    """A line of a catalogue."""

    @property
    def name(self) -> str:
        """As recipes write it."""


Line = TypeVar("Line", bound=Named)


def by_name(*lines: Line) -> Mapping[str, Line]:
    """Return a catalogue: its lines by their names, in their order."""
    return MappingProxyType({line.name: line for line in lines})


def module_of(name: str) -> str:
    """Return the module that implements what has this name: `int8-qat` is in `int8_qat`."""
    return name.replace("-", "_")
