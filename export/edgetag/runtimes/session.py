"""A model that an engine has loaded, and its ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

Values = npt.NDArray[Any]
"""Numbers as the model takes or gives them: float32, uint8, int8 or int16."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model.

    Attributes:
        name: As the file names it.
        shape: With the batch dimension, which is 1.
        dtype: float32, uint8, int8 or int16.
        scale: Real value of one step, `real = (value - zero_point) * scale`; 0 for float32.
        zero_point: The value that stands for 0.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Signature:
    """A file's signature of one input, ready to run.

    Attributes:
        input: Its input.
        outputs: By the signature's names.
        run: From values of the input to raw values of every output, in their shapes.
    """

    input: Tensor
    outputs: Mapping[str, Tensor]
    run: Callable[[Values], Mapping[str, Values]]


class Session(Protocol):
    """A loaded model, ready to run one image at a time."""

    @property
    def input(self) -> Tensor:
        """The image, shape `[1, size, size, 3]`."""

    @property
    def output(self) -> Tensor:
        """The scores, shape `[1, tags]`."""

    def feed(self, values: Values) -> None:
        """Set the input: `[1, size, size, 3]` of the input's type."""

    def run(self) -> None:
        """Run the model once on what was fed."""

    def read(self) -> Values:
        """Return the raw output `[tags]` of the output's type."""

    def signature(self, name: str) -> Signature:
        """Return another signature of the file.

        Raises:
            ModelLoadError: The file or the runtime lacks it, or it has not one input.
        """
