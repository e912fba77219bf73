"""Writes pictures that Kotlin and the web page must read, or refuse, as Python does: `pictures/`.

Beside each file that Python reads, `NAME.rgb` has its pixels over `CONTRACT`'s background.
`pictures.json` has width and height of these, null for what is refused, and where another reader is
known to differ.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from edgetag.contract import Preprocessing
from edgetag.preprocess import ImageRejectedError, read_image
from tests.support.header_only import header_only
from tests.support.png import SIGNATURE, chunk, file_of, header
from tests.support.raw_pictures import Size, animated_webp, bmp, gif, noise, png

CONTRACT = Preprocessing(input_size=32, background=(255, 200, 100))
"""Over white, colours that were rounded to their transparency look the same."""

DIFFERS, READS, REFUSES = "differs", "reads", "refuses"
KNOWN: dict[str, dict[str, str]] = {
    # Chromium rounds the other way.
    "cmyk.jpg": {"web": DIFFERS},
    "ycck.jpg": {"web": DIFFERS},
    # A colour of 5 or 6 bits: Pillow rounds down.
    "bits-16.bmp": {"web": DIFFERS, "android": DIFFERS},
    "bits-565.bmp": {"web": DIFFERS, "android": DIFFERS},
    # Pillow looks for the low bytes of the transparent colour among the high ones of pixels.
    "deep-key.png": {"web": DIFFERS},
    # Pillow makes black rows of those that are missing, where the file ends with a row.
    "missing-rows.png": {"web": REFUSES, "android": REFUSES},
    # Android takes the transparency of this rare header for filling.
    "half-transparent-56.bmp": {"android": DIFFERS},
    # Pillow wants every pixel; others leave black or transparent ones where the file skips some.
    "rle-skips.bmp": {"web": READS, "android": READS},
    "bits-2.bmp": {"web": READS, "android": READS},
    "wide-70000.bmp": {"web": REFUSES, "android": REFUSES},
}
"""Of which the page or the app makes something else than Python, for want of other decoders."""


def write_pictures(folder: Path) -> None:
    """Write pictures, and what Python makes of them."""
    target = folder / "pictures"
    target.mkdir()
    listed = {}
    files = {**_jpeg(), **_png(), **_webp(), **_gif(), **_bmp(), **_claims()}
    assert KNOWN.keys() <= files.keys()
    for name, data in files.items():
        (target / name).write_bytes(data)
        try:
            image = read_image(data, CONTRACT)
        except ImageRejectedError:
            size = None
        else:
            size = {"width": image.width, "height": image.height}
            (target / f"{name}.rgb").write_bytes(image.tobytes())
        listed[name] = {"size": size, **KNOWN.get(name, {})}
    (target / "pictures.json").write_text(json.dumps(listed), encoding="utf-8")


def _smooth(size: Size, mode: str = "RGB") -> Image.Image:
    """Return a picture of large parts, as photos have."""
    coarse = Image.frombytes(mode, (5, 5), noise(25 * len(mode)))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _held(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def _profile() -> bytes:
    """Return a profile of colours that has red and blue the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = profile.replace(b"rXYZ", b"____").replace(b"bXYZ", b"rXYZ").replace(b"____", b"bXYZ")
    return bytes(turned)


SIZE = (37, 23)
LINES = {"dot": (1, 1), "tall": (1, 40), "flat": (40, 1)}


def _jpeg() -> dict[str, bytes]:
    rgb = _smooth(SIZE)
    cmyk = _saved(Image.frombytes("CMYK", SIZE, noise(4 * 37 * 23)), "JPEG", quality=95)
    adobe = cmyk.index(b"Adobe")
    plain = _saved(rgb, "JPEG")
    size_at = plain.index(b"\xff\xc0") + 5
    return {
        **{f"sampled-{n}.jpg": _saved(rgb, "JPEG", quality=90, subsampling=n) for n in (0, 1, 2)},
        **{f"{name}.jpg": _saved(_smooth(size), "JPEG") for name, size in LINES.items()},
        "progressive.jpg": _saved(rgb, "JPEG", progressive=True),
        "progressive-held.jpg": _saved(rgb, "JPEG", progressive=True, exif=_held(5)),
        "grey.jpg": _saved(rgb.convert("L"), "JPEG"),
        "grey-with-profile.jpg": _saved(rgb.convert("L"), "JPEG", icc_profile=_profile()),
        "rgb.jpg": _saved(rgb, "JPEG", keep_rgb=True),
        "cmyk.jpg": cmyk,
        "ycck.jpg": cmyk[: adobe + 11] + b"\2" + cmyk[adobe + 12 :],
        "profile.jpg": _saved(rgb, "JPEG", icc_profile=_profile()),
        "two-pictures.jpg": _saved(rgb, "MPO", save_all=True, append_images=[rgb.rotate(180)]),
        "wide-65500.jpg": _saved(_smooth((65_500, 1)), "JPEG"),
        "tall-65500.jpg": _saved(_smooth((1, 65_500)), "JPEG"),
        "no-height.jpg": plain[:size_at] + bytes(2) + plain[size_at + 2 :],
        "too-few-rows.jpg": plain[:size_at] + struct.pack(">H", 61) + plain[size_at + 2 :],
        "between-segments.jpg": plain[:2] + b"\xff\xff\xff" + plain[2:],
        "garbage-between.jpg": plain[:2] + bytes(3) + plain[2:],
        "followed.jpg": plain + b"trailer",
    }


def _png() -> dict[str, bytes]:
    rgb, rgba = _smooth(SIZE), _smooth(SIZE, "RGBA")
    size = (13, 9)
    kinds = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    frames = {"save_all": True, "append_images": [rgb.rotate(180)]}
    rows = (b"\0" + noise(39)) * 9
    packed = zlib.compress(rows)
    whole = png(size, 8, 2)
    name_at = whole.index(b"IDAT")
    return {
        **{
            f"type-{kind}-{depth}{'-interlaced' * is_interlaced}.png": png(
                size, depth, kind, _palette(depth) if kind == 3 else (), is_interlaced
            )
            for kind, depths in kinds.items()
            for depth in depths
            for is_interlaced in (False, True)
        },
        **{
            f"grey-key-{depth}.png": png(size, depth, 0, [chunk(b"tRNS", b"\0\1")])
            for depth in (1, 2, 4, 8, 16)
        },
        **{f"{name}.png": png(line, 8, 2) for name, line in LINES.items()},
        "key.png": png(size, 8, 2, [chunk(b"tRNS", _first_colour(whole))]),
        "deep-key.png": png(size, 16, 2, [chunk(b"tRNS", noise(78)[:6])]),
        "palette-key.png": png(size, 2, 3, [*_palette(2), chunk(b"tRNS", b"\xff\0")]),
        "palette-half.png": png(size, 2, 3, [*_palette(2), chunk(b"tRNS", b"\x80\0\xff\x40")]),
        "profile.png": _saved(rgb, "PNG", icc_profile=_profile()),
        "half-transparent.png": _saved(rgba, "PNG"),
        "half-transparent-profile.png": _saved(rgba, "PNG", icc_profile=_profile()),
        "half-transparent-held.png": _saved(rgba, "PNG", exif=_held(6)),
        "half-transparent-large.png": png((1_100, 1_030), 8, 6),
        "gamma.png": png(size, 8, 6, [chunk(b"gAMA", struct.pack(">I", 100_000))]),
        "wide-gamut.png": png(size, 8, 2, [chunk(b"cICP", bytes([9, 16, 0, 1]))]),
        "background.png": png(size, 8, 6, [chunk(b"bKGD", bytes([0, 1, 0, 2, 0, 3]))]),
        "held.png": _saved(rgb, "PNG", exif=_held(3)),
        "frames.png": _saved(rgb, "PNG", **frames),
        "before-frames.png": _saved(rgb, "PNG", default_image=True, **frames),
        "wide-70000.png": png((70_000, 1), 8, 2),
        "tall-70000.png": png((1, 70_000), 8, 2),
        "followed.png": whole + b"trailer",
        "no-end.png": whole[:-12],
        "no-pixels.png": file_of([header(*size)]),
        "wrong-checksum.png": whole[:name_at] + b"IDAT" + _changed(whole[name_at + 4 :], -13),
        "missing-rows.png": png(size, 8, 2, pixels=zlib.compress(rows[:-80])),
        "missing-pixels.png": png(size, 8, 2, pixels=zlib.compress(rows[:-90])),
        "too-many-rows.png": png(size, 8, 2, pixels=zlib.compress(rows * 2)),
        "unknown-filter.png": png(size, 8, 2, pixels=zlib.compress(b"\7" + rows[1:])),
        "two-headers.png": png(size, 8, 2, [header(5, 5)]),
        "pixels-in-parts.png": SIGNATURE
        + b"".join(
            (
                header(*size),
                *(chunk(b"IDAT", part) for part in (packed[:50], b"", packed[50:])),
                chunk(b"IEND", b""),
            )
        ),
    }


def _palette(depth: int) -> list[bytes]:
    return [chunk(b"PLTE", noise(3 << depth))]


def _first_colour(data: bytes) -> bytes:
    """Return what a chunk says that makes the first pixel's colour transparent."""
    with Image.open(io.BytesIO(data)) as image:
        return bytes(byte for value in np.asarray(image)[0, 0].tolist() for byte in (0, value))


def _changed(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def _webp() -> dict[str, bytes]:
    rgb, rgba = _smooth(SIZE), _smooth(SIZE, "RGBA")
    screen = (20, 14)
    return {
        **{f"{name}.webp": _saved(_smooth(line), "WEBP") for name, line in LINES.items()},
        "lossy.webp": _saved(rgb, "WEBP", quality=80),
        "lossless.webp": _saved(rgb, "WEBP", lossless=True),
        "half-transparent.webp": _saved(rgba, "WEBP", quality=80),
        "half-transparent-lossless.webp": _saved(rgba, "WEBP", lossless=True, exact=True),
        "profile.webp": _saved(rgb, "WEBP", icc_profile=_profile()),
        "half-transparent-profile.webp": _saved(rgba, "WEBP", icc_profile=_profile()),
        "held.webp": _saved(rgb, "WEBP", exif=_held(6)),
        "half-transparent-held.webp": _saved(rgba, "WEBP", exif=_held(7)),
        "frames.webp": _saved(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)]),
        "frames-held.webp": _saved(
            rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)], exif=_held(6)
        ),
        "full-frame.webp": animated_webp(screen, (0, 0), screen),
        "small-frame.webp": animated_webp(screen, (4, 6), (8, 6)),
        "small-frame-over.webp": animated_webp(screen, (4, 6), (8, 6), is_blended=False),
        "wide-16383.webp": _saved(_smooth((16_383, 1)), "WEBP"),
        "followed.webp": _saved(rgb, "WEBP") + b"trailer",
    }


def _gif() -> dict[str, bytes]:
    whole, size = (0, 0, 11, 7), (11, 7)
    data = gif(size, whole)
    return {
        **{f"{name}.gif": gif(line, (0, 0, *line)) for name, line in LINES.items()},
        "plain.gif": data,
        "transparent.gif": gif(size, whole, transparent=3),
        "interlaced.gif": gif(size, whole, is_interlaced=True),
        "own-palette.gif": gif(size, whole, has_own_palette=True),
        "frames.gif": gif(size, whole, has_second=True),
        "small-frame.gif": gif((16, 12), (3, 2, 11, 7)),
        "small-frame-transparent.gif": gif((16, 12), (3, 2, 11, 7), transparent=3),
        "small-frame-first.gif": gif((16, 12), (3, 2, 11, 7), has_second=True),
        "large-frame.gif": gif((8, 5), whole),
        "frame-over-edge.gif": gif((8, 5), (4, 3, 11, 7)),
        "frame-outside.gif": gif((8, 5), (20, 20, 3, 3)),
        "no-screen.gif": gif((0, 0), whole),
        "no-frame.gif": gif((8, 5), (0, 0, 0, 0)),
        "wide-65535.gif": gif((65_535, 1), (0, 0, 65_535, 1)),
        "no-end.gif": data[:-1],
        "frame-without-end.gif": data[:-2],
        "followed.gif": data + b"trailer",
    }


def _bmp() -> dict[str, bytes]:
    size = (13, 9)
    masks = (0xFF0000, 0xFF00, 0xFF)
    half = (*masks, 0xFF000000)
    rle = b"".join(bytes([5, row, 8, row + 9, 0, 0]) for row in range(9)) + b"\0\1"
    return {
        **{f"bits-{bits}.bmp": bmp(size, bits) for bits in (1, 2, 4, 8, 16, 24, 32)},
        **{f"{name}.bmp": bmp(line, 24) for name, line in LINES.items()},
        **{f"first-version-{bits}.bmp": bmp(size, bits, header_bytes=12) for bits in (1, 8, 24)},
        **{
            f"half-transparent-{count}.bmp": bmp(size, 32, 3, count, half)
            for count in (56, 108, 124)
        },
        "from-the-top.bmp": bmp((13, -9), 24),
        "bits-565.bmp": bmp(size, 16, 3, 56, (0xF800, 0x7E0, 0x1F)),
        "masks-without-use.bmp": bmp(size, 32, 0, 124, half),
        "no-transparency.bmp": bmp(size, 32, 3, 108, masks),
        "rle.bmp": bmp(size, 8, 1, data=rle),
        "rle-4.bmp": bmp(size, 4, 2, data=b"\5\x12\x08\x34\0\0" * 9 + b"\0\1"),
        "rle-skips.bmp": bmp(size, 8, 1, data=b"\5\1\0\2\2\2\4\2\0\0\0\1"),
        "rle-cut.bmp": bmp(size, 8, 1, data=rle)[:-20],
        "wide-70000.bmp": bmp((70_000, 1), 24),
        "last-row-unfilled.bmp": bmp(size, 24)[:-1],
        "followed.bmp": bmp(size, 24) + b"trailer",
    }


def _claims() -> dict[str, bytes]:
    """Return small files that claim to have pixels without end."""
    jpeg = _saved(_smooth((8, 6)), "JPEG")
    jpeg_at = jpeg.index(b"\xff\xc0") + 5
    lossy = _saved(_smooth((8, 6)), "WEBP")
    lossy_at = lossy.index(b"\x9d\x01\x2a") + 3
    lossless = _saved(_smooth((8, 6)), "WEBP", lossless=True)
    lossless_at = lossless.index(b"VP8L") + 9
    large = _saved(_smooth((8, 6)), "WEBP", exif=_held(1))
    large_at = large.index(b"VP8X") + 12
    whole = gif((8, 6), (0, 0, 8, 6))
    plain = bmp((8, 6), 24)
    return {
        "claim.png": header_only(60_000, 60_000),
        "claim.jpg": jpeg[:jpeg_at] + struct.pack(">HH", 65_500, 65_500) + jpeg[jpeg_at + 4 :],
        "claim-lossy.webp": lossy[:lossy_at] + b"\xff\x3f\xff\x3f" + lossy[lossy_at + 4 :],
        "claim-lossless.webp": lossless[:lossless_at]
        + b"\xff" * 3
        + b"\x0f"
        + lossless[lossless_at + 4 :],
        "claim-large.webp": large[:large_at] + b"\xff\xff\0" * 2 + large[large_at + 6 :],
        "claim-screen.gif": whole[:6] + b"\xff" * 4 + whole[10:],
        "claim-frame.gif": gif((8, 6), (65_535, 65_535, 1, 1)),
        "claim.bmp": plain[:18] + struct.pack("<ii", 100_000, -100_000) + plain[26:],
    }
