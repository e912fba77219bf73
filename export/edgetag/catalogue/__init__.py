"""What is chosen by name. To add one, write a line here, and the file that the line names.

A line holds the facts that a recipe goes by; so reading a recipe imports no implementation, and
nothing here imports more than the standard library.

- `desktop`: the engines that compute the float network on a desktop, each a file in `desktop`.
- `engines`: the engines that run `.tflite` files, each a file in `runtimes`.
- `formats`: the label formats, each a file in `dataset/formats`.
- `networks`: the networks, each a file in `networks`.
- `variants`: the variants and what is done to make each, each with a file in `conversion/variants`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar

Numbers = Literal["float", "mixed", "integer"]
"""What a file computes in: floats; floats and integers in turn; integers, and nothing in floats."""


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
