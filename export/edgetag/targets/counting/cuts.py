"""A model cut off after an operator, by changing eight bytes of its file.

The difference of two neighbouring cuts is what the operators between them cost. It needs no
profiler, which the Python packages lack, and sees through delegates, which take a whole graph as
one operator.
"""

import struct
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One beginning of the model."""

    operators: int
    output: int


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """Where a file is changed, and to what.

    Attributes:
        operators_at: Byte position of the number of operators, a little-endian uint32.
        output_at: Byte position of the only output, a little-endian int32.
        cuts: From the shortest to the one before the whole.
    """

    operators_at: int
    output_at: int
    cuts: tuple[Cut, ...]

    def apply(self, data: bytes, number: int) -> bytes:
        """Return the file cut off at one of the places."""
        cut = self.cuts[number]
        changed = bytearray(data)
        struct.pack_into("<I", changed, self.operators_at, cut.operators)
        struct.pack_into("<i", changed, self.output_at, cut.output)
        return bytes(changed)


def cuts_path(model: Path) -> Path:
    """Return where the cuts of a file lie, if they were asked for."""
    return model.with_name(f"{model.name}.cuts.json")
