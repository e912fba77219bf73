"""Little pictures of shapes, whose tags a small network learns in a few steps."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def draw_shapes(folder: Path, images: int, size: int = 96) -> Path:
    """Draw pictures of circles and squares, some red, and a wide table of their tags.

    One cell in ten is unknown. The drawing is the same every time.

    Returns:
        The table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    rows = ["path,circle,square,red"]
    for number in range(images):
        image = Image.new("RGB", (size, size), tuple(random.integers(120, 256, 3).tolist()))
        draw = ImageDraw.Draw(image)
        circle, square, red = (bool(flag) for flag in random.integers(0, 2, 3))
        color = (220, 20, 20) if red else (20, 20, int(random.integers(60, 220)))
        left, top = random.integers(0, size // 3, 2).tolist()
        if circle:
            draw.ellipse((left, top, left + size // 2, top + size // 2), outline=color, width=9)
        if square:
            draw.rectangle(
                (size - left - size // 3, size - top - size // 3, size - left, size - top),
                fill=color,
            )
        name = f"{number:04d}.png"
        image.save(folder / name)
        labels = [circle, square, red if circle or square else False]
        unknown = random.random(3) < 0.1
        cells = [
            "" if hidden else str(int(label)) for label, hidden in zip(labels, unknown, strict=True)
        ]
        rows.append(",".join([name, *cells]))
    table = folder / "labels.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table
