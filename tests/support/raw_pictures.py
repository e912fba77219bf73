"""PNG, GIF, BMP and animated WebP of noise, byte by byte, as Pillow would not write them."""

import io
import struct
import zlib
from collections.abc import Iterable

import numpy as np
from PIL import Image

from tests.support.png import chunk, file_of, header

Size = tuple[int, int]
"""Width and height."""

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of each colour type of PNG."""

ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Left, top and steps to the right and down of each pass of an interlaced PNG."""

GIF_BITS = 3


def noise(count: int) -> bytes:
    """Return the same random bytes at each call."""
    return np.random.default_rng(count).integers(0, 256, count, dtype=np.uint8).tobytes()


def png(
    size: Size,
    depth: int,
    color_type: int,
    before: Iterable[bytes] = (),
    is_interlaced: bool = False,
    pixels: bytes | None = None,
) -> bytes:
    """Return a PNG of noise or of packed `pixels`; `before` are chunks before them."""
    width, height = size
    bits = CHANNELS[color_type] * depth
    rows = b""
    for left, top, right, down in ADAM7 if is_interlaced else ((0, 0, 1, 1),):
        if left < width and top < height:
            row = ((width - left - 1) // right + 1) * bits
            rows += (b"\0" + noise((row + 7) // 8)) * ((height - top - 1) // down + 1)
    packed = zlib.compress(rows) if pixels is None else pixels
    first = header(width, height, depth, color_type, int(is_interlaced))
    return file_of((first, *before, chunk(b"IDAT", packed)))


def gif(
    screen: Size,
    frame: tuple[int, int, int, int],
    transparent: int | None = None,
    *,
    is_interlaced: bool = False,
    has_own_palette: bool = False,
    has_second: bool = False,
) -> bytes:
    """Return a GIF of 8 colours; `frame` is left, top, width and height of the first."""
    palette = noise(3 << GIF_BITS)
    flags = 0x80 | GIF_BITS - 1
    parts = [b"GIF89a", struct.pack("<HHBBB", *screen, flags, 5, 0), palette]
    if transparent is not None:
        parts.append(b"\x21\xf9\x04" + struct.pack("<BHBB", 1, 0, transparent, 0))
    for left, top, width, height in (frame, (0, 0, *screen))[: 1 + has_second]:
        own = flags if has_own_palette else 0
        place = struct.pack("<HHHHB", left, top, width, height, own | 0x40 * is_interlaced)
        parts += [b"\x2c", place, palette[::-1] if has_own_palette else b""]
        parts += [bytes([GIF_BITS]), *_blocks(_lzw(width * height)), b"\0"]
    return b"".join((*parts, b";"))


def _lzw(count: int) -> bytes:
    """Return pixels as LZW that has a code of 4 bits for each: it starts anew before they grow."""
    clear = 1 << GIF_BITS
    codes = []
    for place, value in enumerate(noise(count)):
        codes += [clear, value % clear] if place % 5 == 0 else [value % clear]
    codes.append(clear + 1)
    number = sum(code << 4 * place for place, code in enumerate(codes))
    return number.to_bytes(len(codes) // 2 + 1, "little")


def _blocks(data: bytes) -> Iterable[bytes]:
    for start in range(0, len(data), 255):
        block = data[start : start + 255]
        yield bytes([len(block)]) + block


def bmp(
    size: Size,
    bits: int,
    packing: int = 0,
    header_bytes: int = 40,
    masks: tuple[int, ...] = (),
    data: bytes | None = None,
) -> bytes:
    """Return a BMP; a negative height means rows from the top.

    Args:
        size: Width and height.
        bits: Of a pixel.
        packing: 0 is none, 1 and 2 are RLE of 8 and 4 bits, 3 means that masks count.
        header_bytes: 12, 40, 56, 108 or 124, by the format's version.
        masks: Which bits are red, green, blue, and transparency.
        data: The rows, in place of noise.
    """
    width, height = size
    rows = noise((width * bits + 31) // 32 * 4 * abs(height)) if data is None else data
    entry = 3 if header_bytes == 12 else 4
    palette = noise(entry << bits) if bits <= 8 else b""
    packed_masks = struct.pack(f"<{len(masks)}I", *masks)
    if header_bytes == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        numbers = (header_bytes, width, height, 1, bits, packing, len(rows), 2835, 2835, 0, 0)
        info = struct.pack("<IiiHHIIiiII", *numbers) + packed_masks
        info = info.ljust(header_bytes, b"\0")
    start = 14 + len(info) + len(palette)
    file = struct.pack("<IHHI", start + len(rows), 0, 0, start)
    return b"BM" + file + info + palette + rows


def animated_webp(screen: Size, place: Size, size: Size, *, is_blended: bool = True) -> bytes:
    """Return a half transparent WebP of two frames, of which the first may be small."""
    first = _webp_chunk(b"ANMF", _frame(place, size, 0 if is_blended else 2))
    second = _webp_chunk(b"ANMF", _frame((0, 0), screen, 0))
    large = _webp_chunk(b"VP8X", b"\x12\0\0\0" + _three(screen[0] - 1) + _three(screen[1] - 1))
    body = b"WEBP" + large + _webp_chunk(b"ANIM", b"\x0a\xc8\x1e\xff\0\0") + first + second
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _frame(place: Size, size: Size, flags: int) -> bytes:
    width, height = size
    image = Image.frombytes("RGBA", size, noise(4 * width * height))
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=True, exact=True)
    data = file.getvalue()
    pixels = data[data.index(b"VP8L") :]
    numbers = (place[0] // 2, place[1] // 2, width - 1, height - 1, 100)
    return b"".join(map(_three, numbers)) + bytes([flags]) + pixels


def _three(value: int) -> bytes:
    return value.to_bytes(3, "little")


def _webp_chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
