"""From uint8 pixels to a model's input, and from its output to scores.

Every contract maps each of the 256 pixel values to one input value, so encoding is one look-up in
a table for any input type. Where the exporter has set the scale to `1 / std` and the zero point to
`mean`, the table of a uint8 input is the identity, and pixels go in as they are.
"""

import numpy as np
import numpy.typing as npt

from edgetag.pixels import Normalized, Pixels, scale
from edgetag.runtimes.session import Tensor, Values


def encoding_table(contract: Normalized, tensor: Tensor) -> Values:
    """Return the input value of each pixel value: `[256]` of the input's type.

    Quantized as TensorFlow Lite defines it, `round(real / scale) + zero_point`, cut to the type.

    Args:
        contract: Gives mean and std of the scaled float.
        tensor: The model's input.
    """
    real = scale(np.arange(256, dtype=np.uint8), contract)
    dtype = np.dtype(tensor.dtype)
    if dtype == np.float32:
        return real
    # In float64: a product that is a whole number must not round to its neighbour.
    steps = np.rint(real.astype(np.float64) / tensor.scale) + tensor.zero_point
    limits = np.iinfo(dtype)
    return steps.clip(limits.min, limits.max).astype(dtype)


def encode(pixels: Pixels, table: Values) -> Values:
    """Return the input values of pixels, in the same shape."""
    if _is_identity(table):
        return pixels
    return np.take(table, pixels, mode="clip")  # no value is out of range; this skips the check


class ImageEncoder:
    """Encodes one image after the other into the same memory.

    A block of images as float32 is too large for a processor's cache, and asking the system for
    its memory again and again costs more than the look-up: 20 to 385 microseconds an image were
    seen at 96 px, against 2,700 of the inference.

    Args:
        table: See `encoding_table`.
        input_size: Height and width of the images.
    """

    def __init__(self, table: Values, input_size: int) -> None:
        self._table = table
        self._identity = _is_identity(table)
        self._values = np.empty((1, input_size, input_size, 3), dtype=table.dtype)

    def encode(self, pixels: Pixels) -> Values:
        """Return the input values of `[1, size, size, 3]` pixels, good until the next call."""
        if self._identity:
            return pixels
        return np.take(self._table, pixels, out=self._values, mode="clip")


def _is_identity(table: Values) -> bool:
    return table.dtype == np.uint8 and np.array_equal(table, np.arange(256))


def decode(values: Values, tensor: Tensor) -> npt.NDArray[np.float32]:
    """Return real values of a model's output, `(value - zero_point) * scale`, in the same shape."""
    if values.dtype == np.float32:
        return values
    shifted = values.astype(np.float32) - np.float32(tensor.zero_point)
    return shifted * np.float32(tensor.scale)
