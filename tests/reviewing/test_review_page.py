"""The page in a real browser, as a person uses it: by keyboard, to train on what comes out."""

import csv
from pathlib import Path

import pytest

from tests.support.chromium import Chromium, Tab, open_chromium
from tests.support.reviewed import make_reviewed, reviewing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PENDING = "document.body.dataset.pending === '0'"
SELECTED = "document.querySelector('.cell[aria-selected=true]')?.id"
KEYS = {"Enter": ("\r", 13), " ": (" ", 32), "Escape": ("", 27), "Tab": ("", 9)}


@pytest.fixture
def chromium(tmp_path: Path) -> Chromium:
    return open_chromium(tmp_path / "profile")


def press(tab: Tab, key: str) -> None:
    text, code = KEYS.get(key, (key if len(key) == 1 else "", 0))
    more = {"key": key, "windowsVirtualKeyCode": code}
    tab.do("Input.dispatchKeyEvent", type="keyDown", text=text, **more)
    tab.do("Input.dispatchKeyEvent", type="keyUp", **more)


def write(tab: Tab, text: str) -> None:
    for letter in text:
        press(tab, letter)


def ready(tab: Tab, rank: int = 0) -> None:
    tab.wait_for(f"document.body.dataset.loaded && {SELECTED} === 'p{rank}'")


def test_twenty_pictures_are_corrected_by_keyboard_survive_a_reload_and_one_is_undone(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        write(tab, "ann")  # the field of the name has the focus at first
        press(tab, "Enter")
        for number in range(20):
            assert tab.value(SELECTED) == f"p{number}"
            press(tab, "1")
            press(tab, "l")
        tab.wait_for(PENDING)
        before = [view["labels"][0] for view in server.pictures()["pictures"][:20]]
        tab.open(server.url)
        ready(tab)
        said = "[...document.querySelectorAll('.cell')].slice(0, 20).filter(cell =>"
        said += " cell.innerText.includes('answered')).length"
        assert tab.value(said) == 20
        press(tab, "u")
        tab.wait_for("document.getElementById('said').textContent.startsWith('taken back: cat')")
        views = server.pictures()["pictures"]
        assert [view["labels"][0] for view in views[:19]] == before[:19]
        assert views[19]["said"] == []
        assert tab.value(SELECTED) == "p19", "what was taken back is chosen"
        assert tab.complaints == []
    run.do("export", "--to", tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 19
    assert {(row["tag"], row["by"]) for row in rows} == {("cat", "ann")}
    assert [row["label"] for row in rows] == ["" if x is None else str(x) for x in before[:19]]
