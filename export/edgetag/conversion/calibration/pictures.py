"""Calibration pictures as the input of a model, one at a time: as floats they would fill memory.

Casting is written here, not taken from `edgetag.runtimes`: a file that follows from code of every
runtime would be made anew with each of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.contract import Preprocessing
from edgetag.conversion.flatfile import NUMPY_TYPES, ints
from edgetag.pixels import Pixels, scale

Values = npt.NDArray[Any]
"""Numbers as a model takes or gives them."""


@dataclass(frozen=True)
class Pictures:
    """Pictures and how pixels become input.

    Attributes:
        pixels: `[n, size, size, 3]` uint8.
        contract: Scales them.
    """

    pixels: Pixels
    contract: Preprocessing

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pixels)

    def fed_to(self, model: Any) -> Iterator[Values]:
        """Yield for each the input `[1, size, size, 3]` of a model, in the input's type."""
        graph = model.subgraphs[0]
        end = graph.tensors[ints(graph.inputs)[0]]
        for position in range(len(self.pixels)):
            yield _stored(scale(self.pixels[position : position + 1], self.contract), end)


def real(values: Values, tensor: Any) -> npt.NDArray[np.float64]:
    """Return the real numbers that a tensor's stored values stand for; it has one scale at most."""
    numbers = values.astype(np.float64)
    if not _is_quantized(tensor):
        return numbers
    quantization = tensor.quantization
    return (numbers - int(quantization.zeroPoint[0])) * float(quantization.scale[0])


def _stored(numbers: npt.NDArray[np.float32], tensor: Any) -> Values:
    kind = NUMPY_TYPES[tensor.type]
    if not _is_quantized(tensor):
        return numbers.astype(kind)
    quantization, limits = tensor.quantization, np.iinfo(kind)
    steps = np.rint(numbers.astype(np.float64) / float(quantization.scale[0]))
    return (steps + int(quantization.zeroPoint[0])).clip(limits.min, limits.max).astype(kind)


def _is_quantized(tensor: Any) -> bool:
    scales = None if tensor.quantization is None else tensor.quantization.scale
    return scales is not None and len(scales) > 0
