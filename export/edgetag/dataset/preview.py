"""A contact sheet: for each tag some pictures that have it, as the network sees them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edgetag.dataset.view import Dataset
from edgetag.errors import InputError
from edgetag.writing import write_bytes

CAPTION_WIDTH = 150
GAP = 4


def write_contact_sheet(dataset: Dataset, path: Path, split: str, per_tag: int, seed: int) -> None:
    """Write a PNG with one row of pictures per tag that has positives.

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
    font = ImageFont.load_default(15)
    generator = np.random.default_rng(seed)
    for line, tag in enumerate(tags):
        positives = rows[labels[:, tag] == 1]
        chosen = np.sort(
            generator.choice(positives, min(per_tag, len(positives)), replace=False)
        ).astype(np.int64)
        top = GAP + line * step
        caption = f"{dataset.vocabulary.names[tag]}\n{len(positives)} of {len(rows)}"
        draw.multiline_text((GAP, top + size // 3), caption, fill="black", font=font)
        for column, pixels in enumerate(dataset.images(chosen)):
            sheet.paste(Image.fromarray(pixels), (CAPTION_WIDTH + column * step, top))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    write_bytes(path, buffer.getvalue())
