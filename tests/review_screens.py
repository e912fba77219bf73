"""Draws the pictures of docs/review.md from a run: `python tests/review_screens.py RUN`.

The run is a copy of the demo's, with `edgetag mine --tag face`; two answers are given in it.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.support.chromium import Tab, open_chromium
from tests.support.paths import ROOT
from tests.support.reviewed import PENDING, ReviewedRun, ready, reviewing

DRAWN = "[...document.images].every(each => !each.src || (each.complete && each.naturalWidth))"


class _Given(ReviewedRun):
    """A run folder alone, which keeps its recipe."""

    @property
    def recipe(self) -> Path:
        return self.folder / "run"


def main() -> None:
    """Draw the page in light, wide, and in dark, as a tablet shows it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "run").symlink_to(Path(sys.argv[1]).resolve())
        browser = open_chromium(Path(folder) / "profile")
        with reviewing(_Given(Path(folder))) as server, browser.tab(server.url, 1180, 840) as tab:
            ready(tab)
            tab.press(*"ann", "Enter", "7", "l", " ", "l", "l")
            tab.wait_for(PENDING)
            tab.value("scrollTo(0, 0)")
            keep(tab, "review-light")
            dark = [{"name": "prefers-color-scheme", "value": "dark"}]
            tab.do("Emulation.setEmulatedMedia", features=dark)
            size = {"width": 768, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            tab.do("Emulation.setDeviceMetricsOverride", **size)
            tab.press("m")
            tab.wait_for("document.getElementById('large').dataset.wanted.includes('heat')")
            tab.value("fetch(document.getElementById('large').dataset.wanted)")
            tab.value("document.getElementById('how').scrollIntoView()")
            keep(tab, "review-dark")


def keep(tab: Tab, name: str) -> None:
    """Write what a page looks like."""
    tab.wait_for(DRAWN)
    image = Image.open(io.BytesIO(tab.shot()))
    image.save(ROOT / "docs" / f"{name}.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
