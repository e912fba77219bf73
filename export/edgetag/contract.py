"""The contract of preprocessing as data; `preprocess` and `pixels` implement it."""

import hashlib
from typing import Literal, Self

from pydantic import Field

from edgetag.records import Record


class Preprocessing(Record):
    """What turns an image file into the model's input.

    Samples of 16 bits keep their high byte: nothing is rounded. That is what Pillow does with
    colours, and libpng's `png_set_strip_16` and so Android with grey.

    Attributes:
        input_size: Height and width of the input, in pixels.
        anchor: Where the picture lies in the square.
        fill: RGB of the bars beside the picture.
        background: RGB under transparent pixels.
        filter: Pillow's resampling filter; `bilinear` there averages over the whole footprint
            when it shrinks (antialiasing).
        mean: Subtracted from each uint8 value.
        std: Divides the difference; the model's float input is `(pixel - mean) / std`.
    """

    input_size: int = Field(ge=32, le=1024)
    color_space: Literal["RGB"] = "RGB"
    anchor: Literal["center", "top_left"] = "center"
    fill: tuple[int, int, int] = (0, 0, 0)
    background: tuple[int, int, int] = (255, 255, 255)
    filter: Literal["bilinear", "bicubic", "box", "lanczos", "nearest"] = "bilinear"
    mean: float = 127.0
    std: float = Field(default=128.0, gt=0)

    @property
    def of_squares(self) -> Self:
        """What makes a picture a square of pixels: all of it but mean and std, which come after."""
        return self.replace(mean=0.0, std=1.0)

    def digest(self) -> str:
        """Return the SHA-256 of the contract's JSON."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
