"""Writes pictures and their input squares, which the Kotlin code must repeat bit for bit.

Every case goes the whole way of the contract, `edgetag.preprocess.preprocess`, as a PNG with its
EXIF orientation. The folder then holds `cases.json`, `pictures.bin` (decoded pixels as Android
gives them before anything else: RGB or straight-alpha RGBA) and `squares.bin` (what must come out),
both as raw bytes in the order of the cases.
"""

import io
import json
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from edgetag.contract import Preprocessing
from edgetag.preprocess import letterbox, preprocess
from tests.android.golden_deep_png import write_deep_png
from tests.android.golden_regions import write_regions
from tests.android.golden_tables import write_tables
from tests.android.hostile_pictures import write_hostile
from tests.support.golden_exif import write_exif

CASES = 1000
FILTERS = ("bilinear", "bicubic", "box", "lanczos", "nearest")
ODD_SIZES = (
    (1, 1),
    (1, 2),
    (2, 1),
    (1, 400),
    (400, 1),
    (3, 1500),
    (1500, 3),
    (1, 4000),
    (4000, 1),
    (17, 1500),
    (1500, 1000),
    (1000, 1500),
    (1024, 768),
    (224, 224),
    (225, 224),
)
"""Width and height of cases that chance would hardly draw."""

Array = npt.NDArray[np.uint8]


def write_arrays(folder: Path, cases: int = CASES) -> None:
    """Write `cases` random cases, the same ones every time.

    Args:
        folder: An empty one.
        cases: How many; the first ones have `ODD_SIZES`.
    """
    random = np.random.default_rng(20)
    listed = []
    with (
        (folder / "pictures.bin").open("wb") as pictures,
        (folder / "squares.bin").open("wb") as squares,
    ):
        for number in range(cases):
            width, height = ODD_SIZES[number] if number < len(ODD_SIZES) else _size(random)
            pixels = _pixels(random, width, height, 4 if random.random() < 0.3 else 3)
            orientation = int(random.integers(1, 9)) if random.random() < 0.5 else 1
            contract = _contract(random, number, max(width, height))
            pictures.write(pixels.tobytes())
            squares.write(preprocess(_png(pixels, orientation), contract).tobytes())
            listed.append(
                {
                    "width": width,
                    "height": height,
                    "channels": pixels.shape[2],
                    "orientation": orientation,
                    "contract": contract.model_dump(mode="json"),
                }
            )
    (folder / "cases.json").write_text(json.dumps({"cases": listed}), encoding="utf-8")
    images = random.integers(0, 256, (5, 48, 48, 3), dtype=np.uint8)
    np.save(folder / "images.npy", images, allow_pickle=False)


def _size(random: np.random.Generator) -> tuple[int, int]:
    """Return a size: sides of 1 to 500 px, small ones more often, one case in fifty up to 1,500."""
    longest = 1500 if random.random() < 0.02 else 500
    width, height = np.exp(random.uniform(0, np.log(longest), 2)).round().astype(int).tolist()
    return width, height


def _contract(random: np.random.Generator, number: int, longer: int) -> Preprocessing:
    """Return a contract; one case in ten keeps the picture's own size."""
    size = int(random.integers(32, 257))
    if random.random() < 0.1 and 32 <= longer <= 300:
        size = longer
    return Preprocessing(
        input_size=size,
        anchor="center" if random.random() < 0.5 else "top_left",
        fill=_color(random),
        background=_color(random),
        filter=FILTERS[number % len(FILTERS)],
    )


def _color(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = random.integers(0, 256, 3).tolist()
    return red, green, blue


def _pixels(random: np.random.Generator, width: int, height: int, channels: int) -> Array:
    """Return noise, or hard edges of black and white, which overshoot most, or a soft gradient."""
    shape = (height, width, channels)
    kind = random.integers(3)
    if kind == 0:
        return random.integers(0, 256, shape, dtype=np.uint8)
    if kind == 1:
        return (random.integers(0, 2, shape) * 255).astype(np.uint8)
    ramp = np.linspace(0, 255, width * height * channels).reshape(shape)
    return (ramp + random.integers(0, 8, shape)).clip(0, 255).astype(np.uint8)


def _png(pixels: Array, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", exif=exif, compress_level=1)
    return file.getvalue()


def time_letterbox(runs: int = 15) -> float:
    """Return the median milliseconds of Pillow for 12 megapixels to 224 px, without decoding."""
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), dtype=np.uint8)
    picture, contract = Image.fromarray(pixels), Preprocessing(input_size=224)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        letterbox(picture, contract)
        times.append((time.perf_counter() - started) * 1000)
    return float(np.median(times))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_arrays(target)
    write_deep_png(target)
    write_exif(target)
    write_tables(target)
    write_regions(target)
    write_hostile(target)
    print(f"Pillow: 4000x3000 to 224 px: median {time_letterbox():.1f} ms")
