"""The page at `/` in a real browser: a picture is chosen, and what the model sees appears."""

from pathlib import Path

import pytest

from edgetag import Tagger
from tests.support.chromium import Chromium, open_chromium
from tests.support.served import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SIZES = (
    "Object.fromEntries([...document.images].map(i => [i.id, [i.naturalWidth, i.naturalHeight]]))"
)
DONE = "document.body.dataset.done === '{}'"


@pytest.fixture
def chromium(tmp_path: Path) -> Chromium:
    return open_chromium(tmp_path / "profile")


def test_a_picture_is_chosen_and_its_tags_heat_map_and_crop_appear(
    server: Served, chromium: Chromium, place: Path, tagger: Tagger, cat: bytes
) -> None:
    with chromium.tab(server.url) as tab:
        tab.wait_for("document.getElementById('tag').options.length")
        tab.choose("#file", place / "root" / "cat.jpg")
        tab.wait_for(DONE.format(1))
        rows = tab.value("[...document.querySelectorAll('tr')].map(row => row.innerText)")
        tagging = tagger.tag(cat)
        present = [row.tag for row in tagging.tags]
        assert [row.split()[0] for row in rows[: len(present)]] == present
        assert len(rows) == len(tagger.tags)
        assert tab.value("document.getElementById('tag').value") == present[0]
        assert tab.value(SIZES) == {
            "heatmap": [451, 300],
            "crop": [300, 300],
            "mosaic": [451, 300],
        }
        tab.value(
            "{const shape = document.getElementById('shape'); shape.value = '90x60';"
            "shape.dispatchEvent(new Event('change', {bubbles: true}))}"
        )
        tab.wait_for(DONE.format(2))
        assert tab.value(SIZES)["crop"] == [90, 60]
        assert tab.complaints == []
        assert tab.value("document.getElementById('token').offsetParent") is None, "none is needed"
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_no_picture_is_told_as_text(
    server: Served, chromium: Chromium, tmp_path: Path
) -> None:
    bad = tmp_path / "<b>bad.png"
    bad.write_text("none")
    with chromium.tab(server.url, width=360) as tab:
        tab.choose("#file", bad)
        tab.wait_for("document.getElementById('said').className === 'bad'")
        assert "not one of JPEG" in tab.value("document.getElementById('said').textContent")
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")


def test_no_script_but_its_own_runs_and_nothing_is_loaded_from_elsewhere(
    server: Served, chromium: Chromium
) -> None:
    with chromium.tab(server.url) as tab:
        tab.wait_for("document.getElementById('tag').options.length")
        tab.value(
            "{const script = document.createElement('script');"
            "script.textContent = 'window.ran = 1'; document.body.append(script);}"
        )
        assert tab.value("window.ran") is None
        refused = "fetch('http://127.0.0.1:9/').then(() => 'sent', error => error.name)"
        assert tab.value(refused) == "TypeError"
        assert any("Content Security Policy" in line for line in tab.complaints)
