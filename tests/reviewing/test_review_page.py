"""The page in a real browser, as a person uses it: keyboard, touch, light and dark."""

import csv
from pathlib import Path

import pytest

from edgetag.mining.result import MineResult
from edgetag.reviewing.app import MOST_AT_ONCE
from edgetag.writing import write_text
from tests.support.chromium import Chromium, open_chromium
from tests.support.reviewed import PENDING, SELECTED, Review, make_reviewed, ready, reviewing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CHIP = "document.querySelector('.chip')"
SAID = "document.getElementById('said').textContent"
PROGRESS = "document.getElementById('progress').textContent"
FILL = """for (let part = 'x'.repeat(1 << 20), n = 0; part;) {
  try { localStorage.setItem(`full${n++}`, part) } catch { part = part.slice(0, part.length >> 1) }
}"""
"""Leave no room in the browser's storage."""


@pytest.fixture
def chromium(tmp_path: Path) -> Chromium:
    return open_chromium(tmp_path / "profile")


def labels(server: Review, column: int = 0) -> list[int | None]:
    return [view["labels"][column] for view in server.pictures()["pictures"]]


def test_twenty_pictures_are_corrected_by_keyboard_survive_a_reload_and_one_is_undone(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        given = labels(server)
        ready(tab)
        tab.press(*"ann", "Enter")  # the field of the name has the focus at first
        for number in range(20):
            assert tab.value(SELECTED) == f"p{number}"
            tab.press("1", "l")
        tab.wait_for(PENDING)
        turned = {1: 0, 0: 1, None: 1}
        assert labels(server) == [turned[label] for label in given[:20]] + given[20:]
        tab.open(server.url)
        ready(tab)
        said = "[...document.querySelectorAll('.cell')].slice(0, 20).filter(cell =>"
        said += " cell.innerText.includes('answered')).length"
        assert tab.value(said) == 20
        tab.press("u")
        tab.wait_for(f"{SAID}.startsWith('taken back: cat')")
        assert labels(server) == [turned[label] for label in given[:19]] + given[19:]
        assert tab.value(SELECTED) == "p19", "what was taken back is chosen"
        names = "[...document.querySelectorAll('.cell')].map(cell => cell.ariaLabel)"
        assert tab.value(names)[18:20] == [  # drawn by a page that was just opened, and since
            "folder1/21.png; food; 19. ✗ cat: suspect label; answered",
            "folder0/20.png; food; 20. ✗ cat: near the threshold",
        ]
        assert tab.complaints == []
    run.do("export", "--to", tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["tag"], row["by"]) for row in rows} == {("cat", "ann")}
    assert [row["label"] for row in rows] == [str(turned[label]) for label in given[:19]]


@pytest.mark.parametrize("number", range(3))
def test_a_tags_key_turns_its_label_round_then_to_unknown_then_back(
    tmp_path: Path, chromium: Chromium, number: int
) -> None:
    run = make_reviewed(tmp_path, count=4, findings=0)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        given = labels(server)[number + 1]
        tab.press(*"ann", "Enter", *"lll"[: number + 1])
        said = []
        for _ in range(3):
            tab.press("1")
            tab.wait_for(PENDING)
            said.append(labels(server)[number + 1])
        order = {1: [0, None, 1], 0: [1, None, 0], None: [1, 0, None]}
        assert said == order[given]


def test_of_a_whole_picture_space_confirms_every_label(tmp_path: Path, chromium: Chromium) -> None:
    many = [f"tag{number}" for number in range(MOST_AT_ONCE + 1)]  # more than a request may hold
    run = make_reviewed(tmp_path, count=6, findings=3, tags=many)
    table = f"rank,identity,path,worth\n1,{4:064x},p,0.9\n2,{2:064x},p,0.5\n"
    write_text(run.workspace.mine / "questions.csv", table)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        tab.press(*"ann", "Enter")
        tab.value(
            "{const kind = document.getElementById('kind'); kind.value = 'whole pictures';"
            "kind.dispatchEvent(new Event('change'))}"
        )
        tab.wait_for(
            "document.querySelectorAll('.cell').length === 2 && document.body.dataset.loaded"
        )
        tab.value("document.getElementById('grid').focus()")
        tab.press(" ")
        tab.wait_for(PENDING)
    run.do("export", "--to", tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["tag"] for row in rows} == set(run.tags)
    assert len(rows) == len(run.tags)


def test_space_says_that_the_label_in_question_is_right_and_goes_on(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path, count=6, findings=3)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        given = labels(server)
        ready(tab)
        tab.press(*"ann", "Enter", " ", " ", "Enter", " ")
        tab.wait_for(PENDING)
        assert tab.value(SELECTED) == "p3", "nothing is in question there"
        assert "Nothing is in question" in tab.value(SAID)
        tab.value(FILL)
        before = tab.value(f"{CHIP}.dataset.label")
        tab.press("1")
        assert "not kept" in tab.value(SAID)
        assert tab.value(f"{CHIP}.dataset.label") == before, "what is not kept is not shown"
        views = server.pictures()["pictures"]
        assert [len(view["said"]) for view in views] == [1, 1, 1, 0, 0, 0]
        assert labels(server) == given
        assert "3 of 3 findings" in tab.value(PROGRESS)


def test_of_a_chosen_tag_space_says_nothing_of_others_that_are_in_question(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path, count=6, findings=1)
    mined = MineResult.read(run.workspace.mine / "mine.json", "mine")
    (cat,) = mined.findings
    both = (cat, cat.replace(rank=2, tag="dog"))
    mined.replace(findings=both).write(run.workspace.mine / "mine.json")
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        tab.press(*"ann", "Enter")
        for name, value in (("tag", "dog"), ("state", "open")):
            choose = f"{{const it = document.getElementById('{name}'); it.value = '{value}';"
            tab.value(choose + "it.dispatchEvent(new Event('change', {bubbles: true}))}")
            ready(tab)
        assert tab.value("document.querySelector('.cell').innerText").endswith("dog: suspect label")
        tab.value("document.getElementById('grid').focus()")
        tab.press(" ")
        tab.wait_for(PENDING)
        (view,) = (each for each in server.pictures()["pictures"] if each["findings"])
        assert [each["tag"] for each in view["said"]] == ["dog"]
        assert server.pictures(tag="cat", kind="suspect label", state="open")["total"] == 1
        assert server.pictures(tag="dog", kind="suspect label", state="open")["total"] == 0


def test_pages_and_filters_are_reached_by_keys_and_buttons(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path, count=250)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        tab.press(*"ann", "Enter", "n")
        tab.wait_for(f"{PROGRESS}.includes('page 2')")
        ready(tab)
        tab.press("h")  # back over the page's beginning
        ready(tab, 99)
        assert tab.value(PROGRESS).endswith("page 1")
        order = [view["path"] for view in server.pictures(count=250)["pictures"]]
        for key, number, begins in (("n", 99, 100), ("l", 99, 200), ("h", 0, 100), ("p", 0, 0)):
            tab.value(f"document.querySelectorAll('.cell')[{number}].click()")
            down = f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}'"
            tab.value(f"for (let n = 0; n < 3; n++) {down}, bubbles: true}}))")  # as if held down
            ready(tab, 99 if key == "h" else 0)
            assert tab.value(PROGRESS).endswith(f"page {begins // 100 + 1}")
            assert tab.value("pictures[0].path") == order[begins]
        tab.press("/")
        assert tab.value("document.activeElement.id") == "tag"
        tab.press("Escape")
        assert tab.value("document.activeElement.id") == "grid"
        for state in ("disagreement", "open"):
            choose = f"{{const it = document.getElementById('state'); it.value = '{state}';"
            tab.value(choose + "it.dispatchEvent(new Event('change', {bubbles: true}))}")
            tab.wait_for("document.body.dataset.loaded")
            if state == "disagreement":
                assert tab.value("document.querySelectorAll('.cell').length") == 0
                tab.press("p")  # others may have answered all of a page that one came to
                assert tab.value(SAID) == "These are the first."
        tab.press("?")
        assert tab.value("document.getElementById('help').open")
        tab.press("Escape")
        assert not tab.value("document.getElementById('help').open")
        assert tab.complaints == []


def test_what_another_person_says_appears_and_differs(tmp_path: Path, chromium: Chromium) -> None:
    run = make_reviewed(tmp_path, count=6, findings=3)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        tab.press(*"ann", "Enter", "1")
        tab.wait_for(PENDING)
        mine = labels(server)[0]
        server.say(5, "cat", 1 if mine != 1 else 0, by="bob")
        tab.wait_for("document.getElementById('p0').innerText.includes('people differ: cat')")
        assert "bob: " in tab.value("document.querySelector('.chip').innerText")
        # A page that is hidden does not ask; what it is told of its own answer is not all news.
        tab.value("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        server.say(4, "cat", 0, by="bob")
        tab.press("l", "l", "1")
        tab.wait_for(PENDING)
        tab.value("delete document.hidden")
        tab.wait_for("document.getElementById('p1').innerText.includes('answered')")


def test_whoever_is_outvoted_turns_the_own_answer_round_and_sees_it_beside_earlier_ones(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path, count=6, findings=3)
    about = f"{5:064x},p,cat,1"
    earlier = f"identity,path,tag,label,by,at\n{about},bob,\n{about},cy,\n"
    write_text(run.workspace.earlier_answers, earlier)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        assert "bob, earlier: yes; cy, earlier: yes" in tab.value(f"{CHIP}.innerText")
        tab.press(*"ann", "Enter")
        said = []
        for _ in range(3):
            tab.press("1")
            tab.wait_for(PENDING)
            own = [each for each in server.pictures()["pictures"][0]["said"] if each["by"] == "ann"]
            said += [each["label"] for each in own]
            assert labels(server)[0] == 1
        assert said == [0, None, 1]
        assert tab.complaints == []


def test_what_is_said_while_the_server_is_away_is_kept_and_sent_later(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path, count=6, findings=3)
    with reviewing(run) as server:
        port = server.url.rpartition(":")[2].strip("/")
        with chromium.tab(server.url) as tab:
            ready(tab)
            tab.press(*"ann", "Enter")
            server.process.kill()
            server.process.wait()
            tab.press("1", "l", "1")
            tab.wait_for("document.body.dataset.pending === '2'")
            tab.wait_for(f"{SAID}.includes('kept here')")
            tab.value("(Date.now = () => 1, 1)")  # a clock that is set back
            tab.press("1")
            last = tab.value("pictures[1].labels[0]")
            tab.wait_for("document.body.dataset.pending === '3'")
            other = make_reviewed(tmp_path / "other", count=6, findings=3)  # of the same pictures
            with reviewing(other, "--port", port) as another:
                tab.wait_for(f"{SAID}.includes('another review')")
                assert another.pictures()["progress"]["people"] == {}
            with reviewing(run, "--port", port) as again:
                tab.wait_for(PENDING)
                assert again.pictures()["progress"]["people"] == {"ann": 3}
                assert labels(again)[1] == last
                tab.wait_for(f"{SAID} === ''")


def test_what_is_chosen_while_the_server_is_away_is_shown_when_it_is_back(
    tmp_path: Path, chromium: Chromium
) -> None:
    run = make_reviewed(tmp_path, count=250, findings=3)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        tab.value("(window.real = window.fetch, window.fetch = async () => { throw Error() }, 1)")
        choose = "{const it = document.getElementById('tag'); it.value = 'dog';"
        tab.value(choose + "it.dispatchEvent(new Event('change'))}")
        tab.wait_for(f"{SAID}.includes('does not answer')")
        tab.press(*"ann", "Enter", "n", "n")  # not past pictures that nobody has seen
        tab.value("(window.fetch = window.real, 1)")
        ready(tab)
        tab.wait_for(f"{SAID} === ''")
        assert tab.value("pictures[0].path") == server.pictures(tag="dog")["pictures"][0]["path"]
        assert tab.value(PROGRESS).endswith("page 1")


@pytest.mark.parametrize("status", [502, 504, 429, 200, 404, 413])
def test_what_a_proxy_says_in_the_servers_place_loses_no_answer(
    tmp_path: Path, chromium: Chromium, status: int
) -> None:
    run = make_reviewed(tmp_path, count=6, findings=3)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        ready(tab)
        page = f"new Response('<html>', {{ status: {status} }})"
        tab.value(f"(window.real = window.fetch, window.fetch = async () => {page}, 1)")
        tab.press(*"ann", "Enter", "1", "l", "1")
        tab.wait_for("document.body.dataset.pending === '2'")
        tab.value("(window.fetch = window.real, 1)")
        tab.wait_for(PENDING)
        assert server.pictures()["progress"]["people"] == {"ann": 2}


@pytest.mark.parametrize(("width", "height"), [(768, 1024), (360, 740), (1280, 900)])
def test_on_a_tablet_all_that_is_touched_is_large_and_nothing_is_cut_off(
    tmp_path: Path, chromium: Chromium, width: int, height: int
) -> None:
    run = make_reviewed(tmp_path, tags=tuple(f"a tag with words {n}" for n in range(24)))
    with reviewing(run) as server, chromium.tab(server.url, width, height) as tab:
        ready(tab)
        small = "[...document.querySelectorAll('button, input, select, .chip')]"
        small += ".filter(each => each.offsetParent && (each.offsetHeight < 44"
        small += " || each.offsetWidth < 44)).map(each => each.id || each.innerText)"
        assert tab.value(small) == []
        assert tab.value("document.documentElement.scrollWidth <= innerWidth")
        name = "{const by = document.getElementById('by'); by.value = 'ann'}"
        tab.value(name + "document.querySelectorAll('.chip')[23].click()")
        tab.wait_for(PENDING)
        assert server.pictures()["progress"]["people"] == {"ann": 1}


CONTRAST = """(() => {
  const probe = document.body.appendChild(document.createElement('canvas')).getContext('2d');
  const light = color => {
    probe.fillStyle = color; probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255)
      .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  return [...document.querySelectorAll('.chip, .cell p, #progress, #path, .buttons button, label')]
    .map(each => {
      const style = element => getComputedStyle(element);
      let under = each;
      while (style(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
      const pair = [style(each).color, style(under).backgroundColor].map(light);
      return (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    }).reduce((least, each) => Math.min(least, each), 99);
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(
    tmp_path: Path, chromium: Chromium, scheme: str
) -> None:
    run = make_reviewed(tmp_path, count=12, findings=5)
    with reviewing(run) as server, chromium.tab(server.url) as tab:
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        tab.do("Emulation.setEmulatedMedia", features=media)
        ready(tab)
        ground = tab.value("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        assert tab.value(CONTRAST) >= 4.5
