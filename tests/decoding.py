"""How fast JPEG is decoded, by what, with which pixels, and what scaling it costs? `make decoding`.

Three tables: processor time of one picture of a megapixel by each decoder; pixels of every kind of
JPEG beside Pillow's, which are the contract's; and what `--scaled-jpeg` costs in tags, on the
demo's test split drawn large. simplejpeg and pyvips (`pip install pyvips pyvips-binary`) are
compared where they are installed. Nothing is asserted, since it measures a machine.
"""

import argparse
import importlib
import io
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import skimage.data
from PIL import ExifTags, Image

from edgetag import Tagger
from edgetag.cli.terminal import print_tables
from edgetag.contract import Preprocessing
from edgetag.demo_sets.demo import SEED, plan_demo
from edgetag.demo_sets.picture import Picture, compose, place
from edgetag.explaining.costs import cost_of
from edgetag.explaining.mistakes import Mistake
from edgetag.explaining.result import MistakeCost
from edgetag.labels import UNKNOWN
from edgetag.machine import this_machine
from edgetag.preprocess import Pixels, letterbox, preprocess
from edgetag.scaled_jpeg import read_scaled
from edgetag.tables import Column, Number, Rows, Table, with_interval
from edgetag.tables.formats import format_fraction, format_mean, format_percent
from edgetag.tags import Vocabulary
from edgetag.validation.metrics import Measured, Split
from tests.support.paths import RELEASED

Decode = Callable[[bytes], Image.Image]
MEGAPIXEL = (1152, 864)
CONTRACT = Preprocessing(input_size=224)
ROUNDS = 7
MIN_POSITIVES = 20
LEASTS = (2, 1)
"""How many times the input's pixels a scaled picture keeps, as is compared."""

TURNED = Image.Exif()
TURNED[ExifTags.Base.Orientation] = 6
FORMS: Mapping[str, Mapping[str, object]] = {
    "4:2:0": {"subsampling": "4:2:0"},
    "4:2:2": {"subsampling": "4:2:2"},
    "4:4:4": {"subsampling": "4:4:4"},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 5},
    "turned by EXIF": {"exif": TURNED.tobytes()},
    "grey": {},
    "CMYK": {},
    "cut off": {},
}
"""Kinds of JPEG: how Pillow saves them."""


def decoders() -> dict[str, Decode]:
    """Return those that are installed, Pillow first."""
    by_name: dict[str, Decode] = {"Pillow": _pillow}
    for name, decode in (("simplejpeg", _simplejpeg), ("pyvips", _pyvips)):
        try:
            importlib.import_module(name)
        except (ImportError, OSError):  # pyvips without libvips raises the second
            print(f"{name} is not installed")
        else:
            by_name[name] = decode
    return by_name


def _pillow(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")


def _simplejpeg(data: bytes) -> Image.Image:
    return Image.fromarray(importlib.import_module("simplejpeg").decode_jpeg(data, "RGB"))


def _pyvips(data: bytes) -> Image.Image:
    image = importlib.import_module("pyvips").Image.new_from_buffer(data, "", fail_on="warning")
    return Image.fromarray(image.numpy()).convert("RGB")


def photo(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """Return a photo of scikit-image at a size, with a sensor's noise."""
    sources = ("astronaut", "chelsea", "coffee", "immunohistochemistry", "rocket")
    source = getattr(skimage.data, sources[int(random.integers(len(sources)))])()
    smooth = np.asarray(Image.fromarray(source).resize(size, Image.Resampling.BICUBIC))
    noisy = smooth + random.normal(0, 4, (*smooth.shape[:2], 1))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, form: str, random: np.random.Generator) -> bytes:
    """Return a JPEG file of a kind in `FORMS`."""
    mode = {"grey": "L", "CMYK": "CMYK"}.get(form, "RGB")
    buffer = io.BytesIO()
    quality = int(random.integers(60, 97))
    image.convert(mode).save(buffer, "JPEG", quality=quality, **FORMS[form])
    data = buffer.getvalue()
    return data[: len(data) * 3 // 4] if form == "cut off" else data


@dataclass(frozen=True)
class Speed:
    """Processor time of one picture, in ms: decoded, and fitted into the input too."""

    name: str
    decode_ms: float
    fit_ms: float


def speeds(by_name: Mapping[str, Decode], files: Sequence[bytes]) -> list[Speed]:
    """Time decoders, and Pillow's scaled decoding, in turn on the same files."""
    work: dict[str, tuple[Callable[[bytes], object], Callable[[bytes], object]]] = {
        name: (decode, partial(_fitted, decode)) for name, decode in by_name.items()
    }
    for least in LEASTS:
        scaled = partial(read_scaled, contract=CONTRACT, least=least)
        work[f"Pillow, scaled, at least {least} times the input"] = (scaled, scaled)
    spent: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for name, both in work.items():
            for place_, one in enumerate(both):
                started = time.process_time()
                for data in files:
                    one(data)
                ms = (time.process_time() - started) / len(files) * 1000
                spent.setdefault((name, place_), []).append(ms)
    return [
        Speed(name, statistics.median(spent[name, 0]), statistics.median(spent[name, 1]))
        for name in work
    ]


def _fitted(decode: Decode, data: bytes) -> Pixels:
    return letterbox(decode(data), CONTRACT)


def speed_table(rows: Sequence[Speed], files: Sequence[bytes]) -> Table:
    """Return processor times; scaled decoding fits the picture into the input at once."""
    size = sum(map(len, files)) / len(files) / 1000
    return Rows(list(rows)).table(
        f"Processor time of a JPEG of 1 megapixel ({size:.0f} kB), {this_machine().cpu}",
        Column("decoder", lambda row: row.name),
        Number("decode, ms", lambda row: f"{row.decode_ms:.2f}"),
        Number("and fit into 224 px, ms", lambda row: f"{row.fit_ms:.2f}"),
    )


def largest_difference(decode: Decode, data: bytes) -> int | None:
    """Return how far pixels lie from Pillow's, 0 to 255; None where one of both refuses."""
    pixels: list[npt.NDArray[np.int16]] = []
    for one in (_pillow, decode):
        try:
            pixels.append(np.asarray(one(data)).astype(np.int16))
        except Exception:  # decoders refuse files with errors of many kinds
            return None
    first, second = pixels
    return int(np.abs(first - second).max()) if first.shape == second.shape else 255


@dataclass(frozen=True)
class Alike:
    """How pixels of one kind of JPEG compare with Pillow's: decoder → differences."""

    form: str
    differences: Mapping[str, Sequence[int | None]]

    def told(self, name: str) -> str:
        """Return it in words."""
        known = [value for value in self.differences[name] if value is not None]
        refused = len(self.differences[name]) - len(known)
        parts = [f"{refused} refused"] if refused else []
        if known:
            parts.insert(0, f"differ by up to {max(known)}" if max(known) else "equal")
        return ", ".join(parts)


def alikes(by_name: Mapping[str, Decode], count: int, random: np.random.Generator) -> list[Alike]:
    """Compare pixels over files of every kind and of odd sizes."""
    rows = []
    for form in FORMS:
        sizes = random.integers(1, 400, (count, 2)).tolist()
        files = [encoded(photo((w, h), random), form, random) for w, h in sizes]
        rows.append(
            Alike(
                form,
                {n: [largest_difference(d, f) for f in files] for n, d in by_name.items()},
            )
        )
    return rows


def alike_table(rows: Sequence[Alike]) -> Table:
    """Return how every decoder's pixels compare with Pillow's."""
    names = list(rows[0].differences)
    return Rows(list(rows)).table(
        f"Pixels beside Pillow's, {len(rows[0].differences['Pillow'])} files of each kind",
        Column("kind", lambda row: row.form),
        *(Column(name, partial(Alike.told, name=name)) for name in names),
    )


def drawn(picture: Picture, side: int) -> bytes:
    """Return a picture of the demo as a JPEG file of quality 90."""
    buffer = io.BytesIO()
    image = compose(picture.drawing, place(picture, SEED), side)
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def told(picture: Picture, tags: Sequence[str]) -> list[int]:
    """Return what is known of a picture's tags: 1, 0 or -1."""
    labels = (picture.labels.get(tag) for tag in tags)
    return [UNKNOWN if label is None else label for label in labels]


def costs(bundle: Path, side: int, every: int) -> Iterator[MistakeCost]:
    """Yield what scaled decoding costs on the demo's test split, by how many pixels are kept."""
    pictures = [picture for picture, split in plan_demo() if split == "test"][::every]
    with Tagger(bundle) as tagger, ThreadPoolExecutor(tagger.workers) as pool:
        contract = tagger.model.contract

        def scores(picture: Picture) -> list[npt.NDArray[np.float32]]:
            data = drawn(picture, side)
            squares = [preprocess(data, contract)]
            for least in LEASTS:
                scaled = read_scaled(data, contract, least=least)
                squares.append(letterbox(scaled.image, contract))
            return [tagger.score_square(square) for square in squares]

        right, *wrong = np.stack(list(pool.map(scores, pictures)), axis=1)
        split = Split(
            np.array([told(picture, tagger.tags) for picture in pictures], np.int8),
            Vocabulary(tagger.tags),
            [picture.group for picture in pictures],
            min_positives=MIN_POSITIVES,
            samples=1000,
            confidence=0.95,
            seed=SEED,
        )
        thresholds = dict(zip(tagger.tags, tagger.model.thresholds.tolist(), strict=True))
    rightly = Measured(right, split, thresholds)
    for least, scored in zip(LEASTS, wrong, strict=True):
        name = f"at least {least} times the input's {contract.input_size} px"
        wrongly = Measured(scored, split, thresholds)
        yield cost_of(Mistake(name, "", ""), rightly, wrongly, len(pictures))


def cost_table(rows: Sequence[MistakeCost], side: int) -> Table:
    """Return what scaled decoding costs in tags."""
    return Rows(list(rows)).table(
        f"Scaled decoding: {rows[0].images_changed} pictures of the demo's test split as JPEG "
        f"files of {side} px",
        Column("pixels kept", lambda cost: cost.mistake),
        Number("mAP", lambda cost: format_mean(cost.map)),
        Number("drop, points", lambda cost: with_interval(cost.map_drop, cost.map_drop_interval)),
        Number("flips", lambda cost: format_percent(cost.flip_rate, 2)),
        Number("scores move by", lambda cost: format_fraction(cost.mean_score_difference, 4)),
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, default=RELEASED)
    parser.add_argument("--side", type=int, default=1024, help="of the demo's pictures, in pixels")
    parser.add_argument("--every", type=int, default=1, help="take every n-th of them")
    options = parser.parse_args()
    by_name, random = decoders(), np.random.default_rng(1)
    files = [encoded(photo(MEGAPIXEL, random), "4:2:0", random) for _ in range(24)]
    print_tables([speed_table(speeds(by_name, files), files)])
    print_tables([alike_table(alikes(by_name, 30, random))])
    rows = list(costs(options.bundle, options.side, options.every))
    print_tables([cost_table(rows, options.side)])


if __name__ == "__main__":
    main()
