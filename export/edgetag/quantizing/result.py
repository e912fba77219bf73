"""What quantizing a file leaves beside it."""

from typing import ClassVar, Literal

from edgetag.contract import Preprocessing
from edgetag.machine import Acceleration
from edgetag.records import Record, Result

Compared = Literal["logits of clipped probabilities", "outputs as they are"]


class File(Record):
    """A `.tflite` file.

    Attributes:
        name: Without its folder.
        sha256: Digest of its bytes.
        size_bytes: Size on disk.
        operators: Operator → how often it runs.
        float_operators: How often an operator computes in float, other than casts.
        min_runtime_version: Lowest TensorFlow Lite version that has all of them; empty where that
            is not known.
    """

    name: str
    sha256: str
    size_bytes: int
    operators: dict[str, int]
    float_operators: int
    min_runtime_version: str


class QuantizedFile(Result):
    """The record of one quantized file.

    Attributes:
        source: The float file.
        made: The quantized one.
        preprocessing: How pictures became its input.
        assumed: Where each part of that comes from.
        scores: How many the files give.
        compared: What distances are measured between.
        images: Pictures that ranges and means were taken from.
        other_images: Further ones, over which distances were measured; the same where there are
            no more.
        unreadable: Of the pictures that were drawn, those that could not be read.
        rmse: What was tried → distance from the float file.
        not_tried: What the engine could not do → why.
        chosen: The nearest.
        max_rmse: Largest distance that was asked for; None for none.
        kept_in_float: Layers that had to stay in float for it, the one that its rounding hurts
            most first; empty too where no choice of layers is enough.
        seen_rmse: Distance of the file as LiteRT runs it, the float file's scores from there too.
        accelerator: What LiteRT was asked for, and what ran; None before schema 1.2.
        versions: Package → version.
    """

    SCHEMA: ClassVar[str] = "edgetag.quantized-file/1.2"
    source: File
    made: File
    preprocessing: Preprocessing
    assumed: tuple[str, ...]
    scores: int
    compared: Compared
    images: int
    other_images: int
    unreadable: int
    rmse: dict[str, float]
    not_tried: dict[str, str]
    chosen: str
    max_rmse: float | None = None
    kept_in_float: tuple[str, ...] = ()
    seen_rmse: float
    accelerator: Acceleration | None = None
    versions: dict[str, str]

    @property
    def is_within(self) -> bool:
        """Whether the file, as LiteRT runs it, is as near as was asked."""
        return self.max_rmse is None or self.seen_rmse <= self.max_rmse
