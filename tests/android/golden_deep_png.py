"""Writes PNG files with samples of 16 bits, and the pixels that Python makes of them: `deep/`.

`NUMBER.png` is a file as another program may write it: every filter, interlaced or not, with a
transparent colour, with an orientation, its data in chunks of any size. `NUMBER.rgb` has what
`edgetag.preprocess.read_image` makes of it, as raw bytes; `cases.json` has sizes and contracts.
`deep-hostile/` has files that must be refused, and what must be said of them in `refused.json`.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from edgetag.contract import Preprocessing
from edgetag.preprocess import read_image
from tests.support.png import SIGNATURE, chunk, file_of, header
from tests.support.raw_pictures import ADAM7

CASES = 240
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Of each colour type of the PNG specification that has samples of 16 bits."""

WITH_ALPHA = 4
WHOLE = ((0, 0, 1, 1),)
Samples = npt.NDArray[np.uint16]
"""`[height, width, channels]`."""


def write_deep_png(folder: Path) -> None:
    """Write `CASES` random files of all colour types, the same ones every time."""
    random = np.random.default_rng(41)
    target = folder / "deep"
    target.mkdir()
    listed = []
    for number in range(CASES):
        color_type = list(CHANNELS)[number % len(CHANNELS)]
        background = tuple(random.integers(0, 256, 3).tolist())
        contract = Preprocessing(input_size=32, background=background)
        samples = _samples(random, CHANNELS[color_type])
        orientation = int(random.integers(1, 9)) if random.random() < 0.5 else 1
        key = _key(random, samples) if color_type < WITH_ALPHA and random.random() < 0.5 else b""
        is_interlaced = number // len(CHANNELS) % 2 == 1
        data = _png(random, samples, color_type, is_interlaced, key, orientation)
        image = read_image(data, contract)
        if color_type < WITH_ALPHA and not key and orientation == 1:
            shape = (image.height, image.width, 3)
            assert np.array_equal(np.asarray(image), np.broadcast_to(samples >> 8, shape))
        (target / f"{number}.png").write_bytes(data)
        (target / f"{number}.rgb").write_bytes(image.tobytes())
        listed.append(
            {
                "width": image.width,
                "height": image.height,
                "contract": contract.model_dump(mode="json"),
            }
        )
    (target / "cases.json").write_text(json.dumps({"cases": listed}), encoding="utf-8")
    hostile = folder / "deep-hostile"
    hostile.mkdir()
    _write_hostile(hostile)


def _write_hostile(folder: Path) -> None:
    """Write small files that claim or hide much, or break a rule of PNG."""
    grey, first, row = header(1, 2, 16, 0), b"\0\0\1", b"\0\0\2"
    packed = zlib.compress(first + row)
    pixels = chunk(b"IDAT", packed)
    half, other_half = chunk(b"IDAT", packed[:5]), chunk(b"IDAT", packed[5:])
    gap = chunk(b"tEXt", b"Comment\0between")
    checksum = pixels[:-1] + bytes([pixels[-1] ^ 1])
    refused = {
        "gigapixels": ((header(2**31 - 1, 2**31 - 1, 16, 6), pixels), "more than can be decoded"),
        "long row": ((header(900_000_000, 1, 16, 6), pixels), "memory"),
        "no width": ((header(0, 1, 16, 0), pixels), "no size"),
        "no pixels": ((grey,), "no pixels"),
        "wrong checksum": ((grey, checksum), "checksum"),
        "not packed": ((grey, chunk(b"IDAT", b"no pixels")), "unpacked"),
        "filter": ((grey, chunk(b"IDAT", zlib.compress(first + b"\5\0\2"))), "filter"),
        "row missing": ((grey, chunk(b"IDAT", zlib.compress(first))), "too early"),
        "gap": ((grey, half, gap, other_half), "too early"),
        "short key": ((header(1, 2, 16, 2), chunk(b"tRNS", b"\0\1"), pixels), "too short"),
        "long chunk": ((grey, b"\xff" * 8), "more bytes than PNG allows"),
    }
    for name, (chunks, _) in refused.items():
        (folder / f"{name}.png").write_bytes(file_of(chunks))
    messages = {f"{name}.png": message for name, (_, message) in refused.items()}
    (folder / "no end.png").write_bytes(SIGNATURE + grey + pixels)
    messages["no end.png"] = "too early"
    (folder / "refused.json").write_text(json.dumps(messages), encoding="utf-8")
    bomb = zlib.compress(first + row + bytes(1 << 26))
    (folder / "64 MB behind.png").write_bytes(file_of((grey, chunk(b"IDAT", bomb))))


def _samples(random: np.random.Generator, channels: int) -> Samples:
    """Return noise of few or of many values, so that some pixels are equal; sides of 1 to 40."""
    height, width = random.integers(1, 41, 2).tolist()
    values = random.integers(0, 65_536, (height, width, channels), dtype=np.uint16)
    if random.random() < 0.5:
        values = random.choice(
            np.array([0, 0x12FF, 0x3412, 0x8000, 0xFFFF], np.uint16), values.shape
        )
    return values


def _key(random: np.random.Generator, samples: Samples) -> bytes:
    """Return the chunk of a transparent colour: that of a pixel, or one of equal bytes."""
    pixel = samples[0, 0] if random.random() < 0.5 else np.full(samples.shape[2], 0x1212)
    return chunk(b"tRNS", pixel.astype(">u2").tobytes())


def _png(
    random: np.random.Generator,
    samples: Samples,
    color_type: int,
    is_interlaced: bool,
    key: bytes,
    orientation: int,
) -> bytes:
    height, width, _ = samples.shape
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    rows = b"".join(
        _filtered(random, samples[top::down, left::right])
        for left, top, right, down in (ADAM7 if is_interlaced else WHOLE)
        if left < width and top < height
    )
    return file_of(
        (
            header(width, height, 16, color_type, int(is_interlaced)),
            chunk(b"gAMA", struct.pack(">I", 45_455)),
            chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")),
            key,
            *_cut(random, zlib.compress(rows)),
            chunk(b"tEXt", b"Comment\0after the pixels"),
        )
    )


def _cut(random: np.random.Generator, data: bytes) -> Iterator[bytes]:
    """Return data in chunks of any size, some of them empty."""
    places = sorted(random.integers(0, len(data) + 1, 4).tolist())
    for start, end in pairwise([0, *places, len(data)]):
        yield chunk(b"IDAT", data[start:end])


def _filtered(random: np.random.Generator, samples: Samples) -> bytes:
    """Return rows of samples, each by a filter that chance draws."""
    height, _, channels = samples.shape
    size = 2 * channels
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8).astype(np.int64)
    above = np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    left, corner = (np.pad(values, ((0, 0), (size, 0)))[:, :-size] for values in (rows, above))
    guesses = (
        np.zeros_like(rows),
        left,
        above,
        (left + above) // 2,
        _paeth(left, above, corner),
    )
    filters = random.integers(0, len(guesses), height).tolist()
    return b"".join(
        bytes([name]) + (row - guesses[name][y]).astype(np.uint8).tobytes()
        for y, (name, row) in enumerate(zip(filters, rows, strict=True))
    )


Bytes = npt.NDArray[np.int64]


def _paeth(left: Bytes, above: Bytes, corner: Bytes) -> Bytes:
    """Return whichever neighbour is nearest to left + above − corner, in this order."""
    guess = left + above - corner
    distances = np.stack([abs(guess - value) for value in (left, above, corner)])
    return np.choose(distances.argmin(axis=0), [left, above, corner])
