"""Draws the documents' pictures of pages, from the demo's run: `make screens`.

The run is copied first; `mine` and `review` work in the copy. Look at what was drawn.
"""

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from edgetag.bundling.web import write_site
from tests.bundling.test_web import opened
from tests.support.chromium import Chromium, Tab, open_chromium
from tests.support.commands import invoked
from tests.support.made_bundle import unpack
from tests.support.paths import ROOT
from tests.support.reviewed import PENDING, ReviewedRun, ready, reviewing
from tests.support.served import served

BUNDLE = ROOT / "models" / "demo" / "demo-0.2.0.zip"
PICTURE = "golden-13.png"
OF_RUN = {"report", "mine", "review"}
EVERY = 10
"""Of the demo's pictures, so many are passed over between two of the report of tags."""

GAP = 8
DRAWN = "[...document.images].every(each => !each.src || (each.complete && each.naturalWidth))"
SECTION = "document.querySelector('section:has(#{})')"
HEADED = "[...document.querySelectorAll('section')].find(each => each.innerText.startsWith('{}'))"


def report(run: Path, browser: Chromium) -> None:
    """Draw the head of the report, its plots of tags, and changed decisions."""
    with browser.tab((run / "report" / "index.html").as_uri(), 1200, 1860) as tab:
        keep(tab, "models/demo/report")
        keep(tab, "docs/report-tags", SECTION.format("tags"), 675)
        keep(tab, "docs/report-changes", SECTION.format("changes"), 594)


def mine(run: Path, browser: Chromium) -> None:
    """Draw pictures whose label looks wrong."""
    with browser.tab((run / "mine" / "index.html").as_uri(), 1240, 900) as tab:
        keep(tab, "docs/mine", HEADED.format("face: suspect label"))


def tags(folder: Path, browser: Chromium) -> None:
    """Draw scores and thresholds of many pictures."""
    pictures = sorted((ROOT / "data" / "demo" / "images").rglob("*.png"))[::EVERY]
    page = folder / "tags.html"
    do("tag", BUNDLE, *pictures, "-o", folder / "tags.jsonl", "--report", page)
    with browser.tab(page.as_uri(), 1024, 980) as tab:
        keep(tab, "docs/tags-report", HEADED.format("Scores and thresholds"), 980)


def editing(folder: Path, picture: Path) -> None:
    """Draw a picture, its heat, its mosaic and its crop in a row, at twice their size."""
    for verb in ("heatmap", "mosaic", "crop"):
        shape = ("--shape", "4:5") if verb == "crop" else ()
        do(verb, BUNDLE, picture, "-o", folder / verb, "--tag", "face", *shape)
    made = (next((folder / verb).rglob(PICTURE)) for verb in ("heatmap", "mosaic", "crop"))
    images = [Image.open(file).convert("RGB") for file in (picture, *made)]
    doubled = [
        each.resize((2 * each.width, 2 * each.height), Image.Resampling.NEAREST) for each in images
    ]
    width = sum(each.width + GAP for each in doubled) - GAP
    row, left = Image.new("RGB", (width, doubled[0].height), "white"), 0
    for each in doubled:
        row.paste(each, (left, 0))
        left += each.width + GAP
    save(row, "docs/editing")


def serving(folder: Path, picture: Path, browser: Chromium) -> None:
    """Draw the page of `edgetag serve`."""
    with served(BUNDLE, folder / "server") as server, browser.tab(server.url, 1200, 900) as tab:
        tab.wait_for("document.getElementById('tag').options.length")
        tab.choose("#file", picture)
        tab.wait_for("document.body.dataset.done === '1'")
        keep(tab, "docs/serving")


def web(folder: Path, picture: Path) -> None:
    """Draw the page of `edgetag bundle web`; LiteRT.js was fetched by `target setup browser`."""
    write_site(BUNDLE, folder / "site")
    with opened(folder / "site", folder / "profile-web") as tab:
        tab.resize(760, 660)
        tab.choose("#file", picture)
        tab.wait_for("document.body.dataset.done === '1'")
        keep(tab, "docs/web")


class _Given(ReviewedRun):
    """A run folder alone, which keeps its recipe."""

    @property
    def recipe(self) -> Path:
        return self.folder / "run"


def review(folder: Path, browser: Chromium) -> None:
    """Draw the review page in light, wide, and in dark, as a tablet shows it."""
    with reviewing(_Given(folder)) as server, browser.tab(server.url, 1180, 840) as tab:
        ready(tab)
        tab.press(*"ann", "Enter", "7", "l", " ", "l", "l")
        tab.wait_for(PENDING)
        tab.value("scrollTo(0, 0)")
        keep(tab, "docs/review-light")
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        tab.do("Emulation.setEmulatedMedia", features=dark)
        tab.resize(768, 900)
        tab.press("m")
        tab.wait_for("document.getElementById('large').dataset.wanted.includes('heat')")
        tab.value("fetch(document.getElementById('large').dataset.wanted)")
        tab.value("document.getElementById('how').scrollIntoView()")
        keep(tab, "docs/review-dark")


def do(*words: object) -> None:
    """Run a command; its refusal is the end."""
    code, said = invoked(*map(str, words))
    if code:
        sys.exit(said)


def keep(tab: Tab, name: str, element: str = "", height: int | None = None) -> None:
    """Write what a page looks like, or an element of it, down to a height."""
    tab.value("document.querySelectorAll('img').forEach(each => { each.loading = 'eager'; })")
    tab.wait_for(DRAWN)
    if element:
        tab.value(f"{element}.scrollIntoView()")
        tab.wait_for(DRAWN)
    save(Image.open(io.BytesIO(tab.shot(element, height))), name)


def save(image: Image.Image, name: str) -> None:
    """Write a picture of the documents."""
    image.save(ROOT / f"{name}.webp", quality=80, method=6)


def main() -> None:
    """Draw all of them, or those that are named behind the run folder."""
    run = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        browser, picture = open_chromium(folder / "profile"), folder / PICTURE
        picture.write_bytes(unpack(BUNDLE)[PICTURE])
        copy = folder / "run"
        ways: dict[str, Callable[[], None]] = {
            "report": lambda: report(copy, browser),
            "mine": lambda: mine(copy, browser),
            "tags": lambda: tags(folder, browser),
            "editing": lambda: editing(folder, picture),
            "serving": lambda: serving(folder, picture, browser),
            "web": lambda: web(folder, picture),
            "review": lambda: review(folder, browser),
        }
        names = sys.argv[2:] or [*ways]
        if OF_RUN & {*names}:
            shutil.copytree(run, copy)
            do("mine", copy, "--out", copy, "--tag", "face")
        for name in names:
            ways[name]()


if __name__ == "__main__":
    main()
