"""Which files have all bytes of their picture."""

import json
from pathlib import Path

import pytest

from edgetag.preprocess import ImageRejectedError, Preprocessing, Rejection, read_image
from tests.support.golden_whole import write_whole
from tests.support.raw_pictures import bmp, png

CONTRACT = Preprocessing(input_size=32)


def rejected(data: bytes) -> ImageRejectedError:
    with pytest.raises(ImageRejectedError) as caught:
        read_image(data, CONTRACT)
    return caught.value


@pytest.mark.slow
def test_no_picture_is_read_before_its_end_whose_pixels_are_there(tmp_path: Path) -> None:
    write_whole(tmp_path)
    least = json.loads((tmp_path / "whole" / "whole.json").read_text("utf-8"))
    short = {
        name: (tmp_path / "whole" / name).stat().st_size - count for name, count in least.items()
    }
    # A GIF goes on with other frames, and with one byte that ends it.
    assert {name.split(".")[1] for name, rest in short.items() if rest} == {"gif"}
    assert {short["plain.gif"], short["comment.gif"]} == {1}


def test_each_checksum_of_a_png_counts() -> None:
    whole = png((13, 9), 8, 2)
    for name in (b"IHDR", b"IDAT", b"IEND"):
        place = whole.index(name)
        end = place + 4 + int.from_bytes(whole[place - 4 : place], "big")
        changed = whole[:end] + bytes([whole[end] ^ 1]) + whole[end + 1 :]
        assert rejected(changed).reason is Rejection.UNREADABLE, name


def test_a_bmp_has_its_last_row_whole() -> None:
    whole = bmp((13, 9), 24)
    assert read_image(whole, CONTRACT).size == (13, 9)
    assert rejected(whole[:-1]).reason is Rejection.TRUNCATED
