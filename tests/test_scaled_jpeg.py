"""JPEG files decoded at a fraction: never unasked, never another place, never other errors."""

import io
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from edgetag.preprocess import (
    ImageRejectedError,
    Preprocessing,
    Rejection,
    content_box,
    letterbox,
    preprocess,
    read_image,
)
from edgetag.scaled_jpeg import read_scaled

CONTRACT = Preprocessing(input_size=64)


def photo(width: int, height: int) -> Image.Image:
    return Image.fromarray(skimage.data.astronaut()).resize((width, height))


def jpeg(image: Image.Image, orientation: int = 1, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, exif=exif, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("width", "height", "fraction"),
    [(127, 90, 1), (128, 96, 1), (256, 192, 2), (512, 384, 4), (1023, 700, 4), (1100, 900, 8)],
)
def test_twice_the_pixels_that_are_needed_are_kept(width: int, height: int, fraction: int) -> None:
    assert read_scaled(jpeg(photo(width, height)), CONTRACT).fraction == fraction


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(1003, 333), (333, 1003), (611, 610)])
def test_a_scaled_picture_lies_where_the_contract_puts_it(
    size: tuple[int, int], orientation: int
) -> None:
    data = jpeg(photo(*size), orientation)
    scaled = read_scaled(data, CONTRACT)
    whole = read_image(data, CONTRACT)
    assert scaled.fraction > 1
    assert scaled.size == whole.size
    left, top, right, bottom = content_box(whole.size, CONTRACT)
    assert scaled.image.size == (right - left, bottom - top)
    exact = letterbox(whole, CONTRACT).astype(int)
    # Placed without regard to the last, partial row and column it would be over 3.
    assert np.abs(letterbox(scaled.image, CONTRACT) - exact).mean() < 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP"])
def test_other_formats_have_the_contracts_pixels(kind: str) -> None:
    buffer = io.BytesIO()
    photo(512, 300).save(buffer, kind)
    scaled = read_scaled(buffer.getvalue(), CONTRACT)
    assert scaled.fraction == 1
    np.testing.assert_array_equal(
        letterbox(scaled.image, CONTRACT), preprocess(buffer.getvalue(), CONTRACT)
    )


@pytest.mark.parametrize(
    "options",
    [{"subsampling": "4:4:4"}, {"progressive": True}, {"restart_marker_blocks": 3}],
    ids=str,
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_kind_of_jpeg_can_be_scaled(mode: str, options: dict[str, Any]) -> None:
    data = jpeg(photo(515, 389).convert(mode), **options)
    scaled = read_scaled(data, CONTRACT)
    assert scaled.fraction == 4
    exact = preprocess(data, CONTRACT).astype(int)
    assert np.abs(letterbox(scaled.image, CONTRACT) - exact).mean() < 1


def test_what_the_contract_refuses_is_refused() -> None:
    data = jpeg(photo(512, 512))
    for bad, reason in ((data[:-900], Rejection.TRUNCATED), (b"none", Rejection.UNREADABLE)):
        with pytest.raises(ImageRejectedError) as refused:
            read_scaled(bad, CONTRACT)
        assert refused.value.reason is reason
    with pytest.raises(ImageRejectedError, match="512x512 is over 262143 pixels"):
        read_scaled(data, CONTRACT, max_pixels=512 * 512 - 1)
