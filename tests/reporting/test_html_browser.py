"""The page in real headless Chromium: no console error, no sideways scroll, light, dark, paper."""

import base64
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.reporting.page.write import write_page
from tests.reporting.page_factory import make_report, make_sources
from tests.support.chromium import Tab, open_chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PHONE, DESKTOP = (390, 844), (1280, 900)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MEASURE = """
(() => {
  document.querySelectorAll("details").forEach(one => { one.open = true; });
  const root = document.documentElement;
  const wide = [...document.querySelectorAll("body *")].filter(one =>
    one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll, .skip, .unseen"));
  return [
    innerWidth, root.scrollWidth, wide.map(one => one.outerHTML.slice(0, 90)),
    [...document.images].filter(one => !one.naturalWidth).length,
    [...document.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth)
      .map(one => one.getAttribute("aria-label"))];
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """One tab for all tests, each of which opens a page in it."""
    with open_chromium(tmp_path_factory.mktemp("profile")).tab("about:blank") as tab:
        yield tab


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    sources = make_sources()
    path.write_text(write_page(make_report(sources), sources), encoding="utf-8")
    return path


def complaints_of(
    browser: Tab, page: Path, size: tuple[int, int] = DESKTOP, scheme: str = "light"
) -> list[str]:
    """Open a page anew in a window, and return what the console says of it."""
    wanted = {"name": "prefers-color-scheme", "value": scheme}
    browser.do("Emulation.setEmulatedMedia", features=[wanted])
    browser.resize(*size)
    browser.complaints.clear()
    browser.open(page.as_uri())
    return browser.complaints


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_renders_without_console_errors_in_the_wanted_scheme(
    browser: Tab, page: Path, size: tuple[int, int], scheme: str
) -> None:
    assert complaints_of(browser, page, size, scheme) == []
    with Image.open(io.BytesIO(browser.shot())) as image:
        assert image.size == size
        grey = np.asarray(image.convert("L"))
    corner = grey[:8, -8:]
    assert corner.max() < 40 if scheme == "dark" else corner.min() > 225
    assert np.ptp(grey.astype(int)) > 120, "text stands out from the ground"


def test_console_errors_would_be_seen(browser: Tab, page: Path) -> None:
    broken = page.with_name("broken.html")
    text = page.read_text(encoding="utf-8")
    broken.write_text(text.replace("</body>", "<script>x()</script></body>"), encoding="utf-8")
    (blocked,) = complaints_of(browser, broken)
    assert "Content Security Policy" in blocked, "the page forbids scripts"
    broken.write_text(POLICY.sub("", broken.read_text(encoding="utf-8")), encoding="utf-8")
    (thrown,) = complaints_of(browser, broken)
    assert "x is not defined" in thrown


@pytest.mark.parametrize("width", [PHONE[0], 320, DESKTOP[0]])
def test_the_page_never_scrolls_sideways(browser: Tab, page: Path, width: int) -> None:
    complaints_of(browser, page, (width, 844))
    inner, scroll, wide, unloaded, cut = browser.value(MEASURE)
    assert inner == width
    assert wide == []
    assert scroll <= inner
    assert unloaded == 0, "every thumbnail is an image that the browser reads"
    if width == DESKTOP[0]:
        assert cut == [], "no column is out of sight on a desktop"


def test_it_prints_in_light_colours_even_where_the_screen_is_dark(browser: Tab, page: Path) -> None:
    assert complaints_of(browser, page, scheme="dark") == []
    content = base64.b64decode(browser.do("Page.printToPDF")["data"])
    assert content.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type /Page\b", content)) <= 30
    fills = fill_colours(content)
    assert ink("#1b1f24") in fills, "text is dark"
    assert ink("#e8eaed") not in fills, "and not the light of dark screens"


def ink(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def fill_colours(pdf: bytes) -> set[tuple[int, ...]]:
    """Return the colours that a PDF's pages fill with, as bytes."""
    found = set()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue  # an image or a font that is packed otherwise
        for three in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) rg\b", text):
            found.add(tuple(round(255 * float(part)) for part in three))
    return found
