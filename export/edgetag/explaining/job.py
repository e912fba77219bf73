"""What the comparing process is told and what it answers, one JSON line per event."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgetag.image_cache import Shards
from edgetag.messages import Refused
from edgetag.pixels import Normalization
from edgetag.runtimes.messages import BadInput, Loaded, Scored


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The same layer's output in all files, as positions among their tensors.

    Attributes:
        reference: In the float file, and in the one taken apart.
        fed: Where the file taken apart takes it in for the layers behind.
        other: In the quantized file.
        scale: Of the quantized file, `real = (value - zero_point) * scale`; not used where its
            tensor is float too.
        zero_point: Likewise.
    """

    reference: int
    fed: int
    other: int
    scale: float
    zero_point: int


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to compare.

    Attributes:
        reference: The float `.tflite` file.
        apart: The same taken apart, see `apart.take_apart`.
        other: The quantized one.
        pairs: Layers to compare.
        cache: Where the image cache lies.
        rows: Row numbers of the images.
        contract: How pixels become input.
    """

    reference: Path
    apart: Path
    other: Path
    pairs: tuple[Pair, ...]
    cache: Shards
    rows: tuple[int, ...]
    contract: Normalization


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Over all values of one layer's output on all images.

    Attributes:
        count: Number of values.
        total: Sum of the float values.
        squares: Sum of their squares.
        squared_errors: Sum of the squares of quantized minus float.
        own_squared_errors: Likewise, against the float layer on the quantized file's own inputs.
    """

    count: int
    total: float
    squares: float
    squared_errors: float
    own_squared_errors: float


@dataclass(frozen=True, kw_only=True)
class Compared:
    """All images are done; one entry per pair."""

    event: Literal["compared"] = "compared"
    layers: tuple[Sums, ...]


Event = Loaded | Scored | Refused | BadInput | Compared
