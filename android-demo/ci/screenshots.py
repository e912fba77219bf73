"""Compare the screens that `run_screens.py` has drawn with the accepted ones: `screenshots.py`.

With `--accept`, those that were drawn become the accepted ones. Look at them first. Needs Pillow.
"""

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageChops
from project import PROJECT

ACCEPTED = PROJECT / "screenshots"
DRAWN = PROJECT / "screens/target/screens"
VISIBLE = 60
"""Of 255 levels: WebP loses less, letters in another place more."""

MOST_SHARE = 0.003
"""Of the pixels: scores differ in their last digit from processor to processor."""


def differing_share(drawn: Image.Image, accepted: Image.Image) -> float:
    """Return the share of pixels that are visibly others; 1 where the sizes are others."""
    if drawn.size != accepted.size:
        return 1.0
    counts = ImageChops.difference(drawn, accepted).convert("L").histogram()
    return sum(counts[VISIBLE:]) / sum(counts)


def load(path: Path) -> Image.Image:
    """Read a picture."""
    with Image.open(path) as image:
        return image.convert("RGB")


def compare() -> list[str]:
    """Return a line for every screen that is not as it was accepted."""
    drawn = {path.stem: path for path in DRAWN.glob("*.png")}
    accepted = {path.stem: path for path in ACCEPTED.glob("*.webp")}
    lines = [f"{name}: was accepted, and is not drawn" for name in accepted.keys() - drawn.keys()]
    lines += [f"{name}: is drawn, and was not accepted" for name in drawn.keys() - accepted.keys()]
    for name in drawn.keys() & accepted.keys():
        share = differing_share(load(drawn[name]), load(accepted[name]))
        if share > MOST_SHARE:
            lines.append(f"{name}: {share:.1%} of the pixels are others than accepted")
    return sorted(lines)


def accept() -> None:
    """Make what was drawn the accepted screens."""
    for path in ACCEPTED.glob("*.webp"):
        path.unlink()
    for path in sorted(DRAWN.glob("*.png")):
        load(path).save(ACCEPTED / f"{path.stem}.webp", quality=QUALITY, method=6)


QUALITY = 80


def main() -> int:
    """Compare or accept; the exit code is 1 where a screen is another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accept", action="store_true", help="accept what was drawn")
    if parser.parse_args().accept:
        accept()
    lines = compare()
    for line in lines:
        print(line)
    if lines:
        print(f"Look at {DRAWN}; to accept it: python {Path(__file__).name} --accept")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
