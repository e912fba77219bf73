"""Known heat maps of the golden inputs: `golden-maps.bin` in a bundle.

It has the maps of each entry of `golden.json` that has some, in that order, each
`[pictures, height, width, tags]` float32, little-endian: the sigmoid of every cell, which is what
people see. That they average to the scores would not show a map that is turned or mirrored.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.bundling.contents import Expected, Golden

Cells = npt.NDArray[np.float32]
"""`[pictures, height, width, tags]`, in 0..1."""

_STORED = np.dtype("<f4")


@dataclass(frozen=True, eq=False)
class Known:
    """What a variant gives on one family of kernels; cells are None where it makes no maps."""

    expected: Expected
    cells: Cells | None = None


def pack_maps(known: Sequence[Known]) -> bytes:
    """Return the file's content; empty where nothing has maps."""
    return b"".join(
        entry.cells.astype(_STORED).tobytes() for entry in known if entry.cells is not None
    )


def unpack_maps(golden: Golden, data: bytes, tags: int) -> tuple[Known, ...]:
    """Return every entry of `golden.json` with its maps.

    Args:
        golden: Says which entries have maps, and of what size.
        data: The file's content; empty where there is none.
        tags: Number of the model's tags.

    Raises:
        ValueError: The file has another size, or a cell is none of 0..1.
    """
    shapes = [
        (len(golden.pictures), entry.maps.height, entry.maps.width, tags) if entry.maps else None
        for entry in golden.expected
    ]
    wanted = sum(math.prod(shape) for shape in shapes if shape) * _STORED.itemsize
    if len(data) != wanted:
        raise ValueError(f"{len(data)} bytes, expected {wanted}")
    stored = np.frombuffer(data, _STORED)
    known, start = [], 0
    for entry, shape in zip(golden.expected, shapes, strict=True):
        cells = None
        if shape:
            end = start + math.prod(shape)
            cells = stored[start:end].reshape(shape).astype(np.float32)
            start = end
            if not ((cells >= 0) & (cells <= 1)).all():  # so that NaN is refused
                raise ValueError(f"{entry.variant} on {entry.family} has a cell outside 0..1")
        known.append(Known(entry, cells))
    return tuple(known)
