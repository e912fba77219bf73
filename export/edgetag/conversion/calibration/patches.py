"""What the weights of a layer are multiplied with, at some places of a picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgetag.conversion.calibration.pictures import Values


@dataclass(frozen=True)
class Window:
    """Where a layer's weights lie over its input.

    Attributes:
        kernel: Height and width.
        strides: From one output to the next, along both.
        dilations: From one weight to the next.
        same: Whether the input is padded with zeros, so that each stride has an output.
    """

    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    same: bool = False

    @classmethod
    def of(cls, operator: Any, shape: tuple[int, ...]) -> "Window":
        """Read it from a convolution; of a dense layer it is one place.

        Args:
            operator: From the flatbuffer.
            shape: Of its weights.
        """
        options = operator.builtinOptions
        if len(shape) < 4:
            return cls()
        return cls(
            kernel=(shape[1], shape[2]),
            strides=(options.strideH, options.strideW),
            dilations=(options.dilationHFactor, options.dilationWFactor),
            same=options.padding == schema.Padding.SAME,
        )

    def patches(self, values: Values, most: int, seed: int) -> npt.NDArray[Any]:
        """Cut out the inputs of some outputs, chosen by lot.

        Args:
            values: Of one picture, `[1, height, width, channels]` or `[1, channels]`.
            most: How many, where there are as many.
            seed: Draws them; the same places for the same seed and shape.

        Returns:
            `[n, kernel height, kernel width, channels]`.
        """
        if values.ndim < 4:
            values = values.reshape(1, 1, -1, values.shape[-1])
        ends, outputs, pads = [], [], [(0, 0)]
        for length, kernel, stride, dilation in zip(
            values.shape[1:3], self.kernel, self.strides, self.dilations, strict=True
        ):
            reach = (kernel - 1) * dilation + 1
            count = -(-length // stride) if self.same else (length - reach) // stride + 1
            padding = max((count - 1) * stride + reach - length, 0) if self.same else 0
            pads.append((padding // 2, padding - padding // 2))
            outputs.append(count)
            ends.append(np.arange(kernel) * dilation)
        padded = np.pad(values, [*pads, (0, 0)])
        rows, columns = np.divmod(
            np.random.default_rng([0, seed]).permutation(outputs[0] * outputs[1])[:most], outputs[1]
        )
        down = rows[:, None, None] * self.strides[0] + ends[0][:, None]
        across = columns[:, None, None] * self.strides[1] + ends[1]
        return padded[0, down, across]
