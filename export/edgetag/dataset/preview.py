"""A contact sheet: for each tag some pictures that have it, as the network sees them."""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edgetag.dataset.view import Dataset
from edgetag.errors import InputError
from edgetag.plotting import house_matplotlib
from edgetag.writing import write_bytes

CAPTION_WIDTH = 150
FONT_SIZE = 15
GAP = 4


def write_contact_sheet(
    dataset: Dataset,
    path: Path,
    split: str,
    per_tag: int,
    seed: int,
    fonts: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Write a PNG with one row of pictures per tag that has positives.

    Args:
        dataset: The data.
        path: The PNG.
        split: Which images.
        per_tag: Most pictures of a tag.
        seed: Decides which.
        fonts: Files of fonts for names of tags that are not ASCII; default: those of this machine.

    Returns:
        Tags that no font has all characters of; boxes stand for these.

    Raises:
        InputError: No image of the split has any tag.
    """
    rows = dataset.rows(split)
    labels = dataset.labels(rows)
    tags = [tag for tag in range(labels.shape[1]) if (labels[:, tag] == 1).any()]
    if not tags:
        raise InputError(f"no image of the split {split} has any tag; there is nothing to show")
    size = dataset.cache.shards.input_size
    step = size + GAP
    sheet = Image.new("RGB", (CAPTION_WIDTH + per_tag * step, len(tags) * step + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    usual, unwritten = ImageFont.load_default(FONT_SIZE), []
    generator = np.random.default_rng(seed)
    for line, tag in enumerate(tags):
        positives = rows[labels[:, tag] == 1]
        chosen = np.sort(
            generator.choice(positives, min(per_tag, len(positives)), replace=False)
        ).astype(np.int64)
        top = GAP + line * step
        caption = f"{dataset.vocabulary.names[tag]}\n{len(positives)} of {len(rows)}"
        font = usual if caption.isascii() else _font_of(caption, fonts or _fonts_here())
        if font is None:
            unwritten.append(dataset.vocabulary.names[tag])
        draw.multiline_text((GAP, top + size // 3), caption, fill="black", font=font or usual)
        for column, pixels in enumerate(dataset.images(chosen)):
            sheet.paste(Image.fromarray(pixels), (CAPTION_WIDTH + column * step, top))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    write_bytes(path, buffer.getvalue())
    return tuple(unwritten)


def _font_of(text: str, fonts: Sequence[str]) -> ImageFont.FreeTypeFont | None:
    """Return the first font that has all characters of a text; Pillow's own has ASCII alone."""
    needed = set(map(ord, text)) - {ord("\n")}
    path = next((path for path in fonts if needed <= _characters(path)), None)
    return None if path is None else ImageFont.truetype(path, FONT_SIZE)


@cache
def _fonts_here() -> tuple[str, ...]:
    """Return the files of fonts on this machine, before them one that comes with matplotlib."""
    house_matplotlib()
    from matplotlib import get_data_path
    from matplotlib.font_manager import findSystemFonts

    own = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    regular_first = sorted(findSystemFonts(), key=lambda path: ("Regular" not in path, path))
    return (str(own), *regular_first)


@cache
def _characters(path: str) -> frozenset[int]:
    """Return the characters of a font that can be drawn in any size; none where it is damaged."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):  # FreeType's: a system's fonts are not the user's to mend
        return frozenset()
    return frozenset(font.get_charmap()) if font.scalable else frozenset()
