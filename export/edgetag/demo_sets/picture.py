"""One picture of a set before it is painted: what it shows, who drew it, how it is laid out."""

import hashlib
import io
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image, ImageOps

SIZE = 128
"""Height and width of the PNG files, in pixels."""

_LEAST_INK = 0.03
"""Share of a page that a drawing must cover."""


class Drawing(Protocol):
    """Something that can be painted; small, frozen and picklable, so that workers can share it."""

    def paint(self, size: int) -> Image.Image:
        """Return an RGBA picture whose longer side is `size` pixels."""

    def describe(self) -> str:
        """Return what it is drawn from, for fingerprints."""


class BlankError(Exception):
    """Nothing, or next to nothing, is drawn."""


@dataclass(frozen=True)
class SvgDrawing:
    """SVG text; `trim` cuts away an empty margin, which the page of a clip may have."""

    svg: str
    trim: bool = False

    def paint(self, size: int) -> Image.Image:
        """Return an RGBA picture whose longer side is `size` pixels.

        Raises:
            BlankError: A trimmed drawing covers too little of its page to be recognized.
        """
        if not self.trim:
            return paint_svg(self.svg, size)
        page = paint_svg(self.svg, 2 * size)
        alpha = page.getchannel("A")
        box = alpha.getbbox()
        inked = sum(alpha.histogram()[32:]) / (alpha.width * alpha.height)
        if box is None or inked < _LEAST_INK:
            raise BlankError
        return ImageOps.contain(page.crop(box), (size, size), Image.Resampling.BILINEAR)

    def describe(self) -> str:
        """Return the digest of the text and whether it is trimmed."""
        return f"{hashlib.sha256(self.svg.encode()).hexdigest()}{' trim' if self.trim else ''}"


@dataclass(frozen=True)
class FileDrawing:
    """An image file, whole or cropped to its middle square."""

    path: str
    crop: bool = False

    def paint(self, size: int) -> Image.Image:
        """Return an RGBA picture whose longer side is `size` pixels."""
        with Image.open(self.path) as file:
            image = ImageOps.exif_transpose(file).convert("RGBA")
        if self.crop:
            return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)
        return ImageOps.contain(image, (size, size), Image.Resampling.BILINEAR)

    def describe(self) -> str:
        """Return the file's name and how it is used."""
        return f"{Path(self.path).name}{' crop' if self.crop else ''}"


@dataclass(frozen=True)
class Picture:
    """A row of the label table and the drawing it names.

    Attributes:
        name: Unique; the file is `images/<name>.png`.
        source: The package or style it comes from, for attribution and counts.
        group: What it shows; pictures of one group share a split.
        labels: 1 or 0 per tag; a missing tag is unknown.
        drawing: What is painted.
        layout: How freely it is placed: emoji, avatar, or full (covers the square).
        variant_of: What it is one of several renderings of (a skin tone, a line version); test
            and validation keep only a few of each.
        pinned: A split that is decided beforehand, such as an art style kept for testing.
    """

    name: str
    source: str
    group: str
    labels: Mapping[str, int]
    drawing: Drawing
    layout: str = "emoji"
    variant_of: str = ""
    pinned: str | None = None


def rank(seed: int, *parts: str) -> int:
    """Return a number that looks random but depends on the arguments alone."""
    text = "\0".join((str(seed), *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def dice(seed: int, *parts: str) -> random.Random:
    """Return a generator that depends on the arguments alone."""
    return random.Random(rank(seed, *parts))  # noqa: S311


@dataclass(frozen=True)
class Placement:
    """Where a drawing lies on its background."""

    background: tuple[int, int, int]
    scale: float
    rotation: float
    left: float
    top: float


PAPER = ((255, 255, 255), (252, 249, 240), (246, 246, 244), (240, 244, 248), (250, 240, 238))
"""Backgrounds of line art: white and pale paper."""

_LOOSENESS = {"emoji": (0.68, 0.96, 12.0), "avatar": (0.86, 1.0, 5.0), "full": (1.0, 1.0, 0.0)}
"""Layout → smallest scale, largest scale, largest rotation in degrees."""


def place(picture: Picture, seed: int) -> Placement:
    """Choose a background, a size, an angle and a position for a picture."""
    chance = dice(seed, "layout", picture.name)
    low, high, angle = _LOOSENESS[picture.layout]
    scale = chance.uniform(low, high)
    rotation = chance.uniform(-angle, angle) if chance.random() < 0.5 else 0.0
    return Placement(
        background=_background(chance, line_art=picture.labels.get("comic") == 1),
        scale=scale,
        rotation=rotation,
        left=chance.uniform(0, 1 - scale),
        top=chance.uniform(0, 1 - scale),
    )


def _background(chance: random.Random, line_art: bool) -> tuple[int, int, int]:
    kind = chance.random()
    if line_art:
        return PAPER[0] if kind < 0.5 else chance.choice(PAPER)
    if kind < 0.4:
        return PAPER[0]
    low = 200 if kind < 0.75 else 60
    return chance.randint(low, 255), chance.randint(low, 255), chance.randint(low, 255)


def compose(drawing: Drawing, placement: Placement, size: int = SIZE) -> Image.Image:
    """Paint a drawing on its background.

    Returns:
        An RGB picture of `size` × `size` pixels.
    """
    side = max(1, round(size * placement.scale))
    art = drawing.paint(side)
    if placement.rotation:
        art = art.rotate(placement.rotation, Image.Resampling.BICUBIC)
    canvas = Image.new("RGBA", (size, size), (*placement.background, 255))
    left = round(placement.left * size) + (side - art.width) // 2
    top = round(placement.top * size) + (side - art.height) // 2
    canvas.alpha_composite(art, (left, top))
    return canvas.convert("RGB")


def png_bytes(image: Image.Image) -> bytes:
    """Encode without metadata; equal pixels give equal bytes."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def paint_svg(svg: str, size: int) -> Image.Image:
    """Paint an SVG so that its longer side is `size` pixels; no font of the system is used."""
    import resvg_py

    data = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    if max(image.size) != size:
        image.thumbnail((size, size), Image.Resampling.BILINEAR)
    return image
