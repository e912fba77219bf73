"""Shared fixtures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

SHAPE_TAGS = ("circle", "square", "red")


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


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 300 real little pictures with three tags."""
    return draw_shapes(tmp_path_factory.mktemp("shapes"), 300)


SECTIONS = {
    "simulated": "simulated error rates of the gate",
    "measured": "measured side by side",
}
"""What tests record and the summary tells, by the name of the property."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what tests measured, also when all is well."""
    for wanted, title in SECTIONS.items():
        told = [
            str(value)
            for outcome in ("passed", "failed")
            for report in terminalreporter.stats.get(outcome, [])
            for name, value in report.user_properties
            if name == wanted
        ]
        if told:
            terminalreporter.section(title)
            for line in sorted(told):
                terminalreporter.write_line(line)
