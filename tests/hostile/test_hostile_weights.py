"""Files of weights that lie about what they hold: one clear reason, and nothing is allocated."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.errors import InputError

pytestmark = pytest.mark.tensorflow


def file_of(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def array(shape: list[int], start: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


KERNEL = array([32, 3, 3, 3], 0, 3456)
HOSTILE = {
    "empty": b"",
    "a header longer than the file": struct.pack("<Q", 1 << 62) + b"{}",
    "a header of no JSON": file_of(b"{]"),
    "a header nested without end": file_of(b'{"a":' * 100_000),
    "an array behind the end": file_of({"conv_stem.weight": KERNEL}, bytes(100)),
    "a shape that no offsets hold": file_of(
        {"conv_stem.weight": array([1 << 40, 1 << 40], 0, 8)}, bytes(8)
    ),
    "a negative shape": file_of({"conv_stem.weight": array([-1], 0, 4)}, bytes(4)),
    "offsets that overlap": file_of(
        {"conv_stem.weight": array([2], 0, 8), "b": array([2], 4, 12)}, bytes(12)
    ),
    "numbers of no kind": file_of({"conv_stem.weight": array([1], 0, 4, "Q9")}, bytes(4)),
    "a pickle": b"\x80\x02cos\nmkdir\n" + bytes(200),
    "random": np.random.default_rng(5).bytes(5000),
}


@pytest.fixture(scope="module")
def stem() -> Any:
    from edgetag.networks.blocks import Builder
    from edgetag.tf import keras

    image = keras.Input((64, 64, 3))
    return keras.Model(image, Builder(1e-5, 0.9).convolution(image, 32, 3, 2, "stem"))


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_lies_is_no_safetensors_file(kind: str, stem: Any, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(HOSTILE[kind])
    with pytest.raises(InputError, match=r"weights\.safetensors: not a safetensors file: "):
        read(stem, file)


def test_a_folder_and_a_missing_file_are_told(stem: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder, not a file"):
        read(stem, tmp_path)
    with pytest.raises(InputError, match=r"No such file or directory; name the file in network\.w"):
        read(stem, tmp_path / "none.safetensors")


def read(stem: Any, file: Path) -> None:
    from edgetag.networks.timm_file import read_timm_weights

    read_timm_weights(stem, file, {"stem": ("conv_stem", "bn1")}, "imagenet")
