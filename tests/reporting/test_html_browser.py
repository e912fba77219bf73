"""The page in real headless Chromium: no console error, no sideways scroll, light, dark, paper."""

import html as html_text
import json
import re
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.reporting.page.write import write_page
from tests.reporting.page_factory import make_report, make_sources
from tests.support.chromium import DARK, LIGHT, Chromium, open_chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PHONE, DESKTOP = (390, 844), (1280, 900)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MEASURE = """
<script>
document.querySelectorAll("details").forEach(one => { one.open = true; });
const root = document.documentElement;
const wide = [...document.querySelectorAll("body *")].filter(one =>
  one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll, .skip, .unseen"));
parent.postMessage([
  innerWidth, root.scrollWidth, wide.map(one => one.outerHTML.slice(0, 90)),
  [...document.images].filter(one => !one.naturalWidth).length,
  [...document.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth)
    .map(one => one.getAttribute("aria-label"))], "*");
</script>
</body>
"""
FRAME = """
<body>
<script>
addEventListener("message", told => {{
  document.body.dataset.measured = JSON.stringify(told.data);
}});
</script>
<iframe src="measured.html" width="{width}" height="844" style="border: 0"></iframe>
</body>
"""
"""A window of headless Chromium is at least 500 pixels wide; a frame may be narrower."""


def console_lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Chromium:
    return open_chromium(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    sources = make_sources()
    path.write_text(write_page(make_report(sources), sources), encoding="utf-8")
    return path


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_it_renders_without_console_errors_in_the_wanted_scheme(
    chromium: Chromium, page: Path, tmp_path: Path, size: tuple[int, int], scheme: int
) -> None:
    shot = tmp_path / "shot.png"
    window = f"--window-size={size[0]},{size[1]}"
    done = chromium.run(page, window, f"--screenshot={shot}", scheme=scheme)
    assert console_lines(done) == []
    with Image.open(shot) as image:
        assert image.size == size
        grey = np.asarray(image.convert("L"))
    corner = grey[:8, -8:]
    assert corner.max() < 40 if scheme == DARK else corner.min() > 225
    assert np.ptp(grey.astype(int)) > 120, "text stands out from the ground"


def test_console_errors_would_be_seen(chromium: Chromium, page: Path) -> None:
    broken = page.with_name("broken.html")
    text = page.read_text(encoding="utf-8")
    broken.write_text(text.replace("</body>", "<script>x()</script></body>"), encoding="utf-8")
    blocked = console_lines(chromium.run(broken, "--dump-dom"))
    assert any("Content Security Policy" in line for line in blocked), "the page forbids scripts"
    broken.write_text(POLICY.sub("", broken.read_text(encoding="utf-8")), encoding="utf-8")
    assert any(
        "x is not defined" in line for line in console_lines(chromium.run(broken, "--dump-dom"))
    )


@pytest.mark.parametrize("width", [PHONE[0], 320, DESKTOP[0]])
def test_the_page_never_scrolls_sideways(chromium: Chromium, page: Path, width: int) -> None:
    measured = page.with_name("measured.html")
    text = POLICY.sub("", page.read_text(encoding="utf-8"))
    measured.write_text(text.replace("</body>", MEASURE), encoding="utf-8")
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(width=width), encoding="utf-8")
    dom = chromium.run(frame, "--window-size=1400,900", "--dump-dom").stdout
    found = re.search(r'data-measured="([^"]*)"', dom)
    assert found, "the script ran"
    inner, scroll, wide, unloaded, cut = json.loads(html_text.unescape(found[1]))
    assert inner == width
    assert wide == []
    assert scroll <= inner
    assert unloaded == 0, "every thumbnail is an image that the browser reads"
    if width == DESKTOP[0]:
        assert cut == [], "no column is out of sight on a desktop"


def test_it_prints_in_light_colours_even_where_the_screen_is_dark(
    chromium: Chromium, page: Path, tmp_path: Path
) -> None:
    printed = tmp_path / "page.pdf"
    done = chromium.run(page, f"--print-to-pdf={printed}", "--no-pdf-header-footer", scheme=DARK)
    assert console_lines(done) == []
    content = printed.read_bytes()
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
