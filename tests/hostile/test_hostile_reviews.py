"""Reviews that go wrong: kills, full disks, damaged databases, hostile names and requests."""

import contextlib
import json
import os
import random
import resource
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from edgetag.children import python_environment
from edgetag.serving.settings import Settings
from edgetag.writing import write_text
from tests.support.chromium import open_chromium
from tests.support.programs import captured
from tests.support.reviewed import ReviewedRun, make_reviewed, reviewing
from tests.support.served import PATIENCE_S, until

SENT = {"key": "key of one", "identity": f"{0:064x}", "tag": "cat", "before": None, "label": 1}
TOKEN = "a token of some length"  # noqa: S105


@pytest.fixture
def run(tmp_path: Path) -> ReviewedRun:
    return make_reviewed(tmp_path / "review", count=30, findings=5)


@pytest.fixture
def more_files() -> Iterator[None]:
    """Allow this process as many connections as a server takes, and some files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def stored(run: ReviewedRun) -> list[tuple[str, str, int | None]]:
    with contextlib.closing(sqlite3.connect(run.database)) as database:
        return database.execute("SELECT key, by, label FROM answers").fetchall()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_kill_at_any_moment_loses_no_confirmed_answer(run: ReviewedRun) -> None:
    chance, confirmed = random.Random(5), set[str]()
    for attempt in range(20):
        with reviewing(run) as server:
            killer = threading.Timer(
                chance.uniform(0, 0.3), os.kill, (server.process.pid, signal.SIGKILL)
            )
            killer.start()
            number = 0
            try:
                while True:
                    number += 1
                    key = f"kill {attempt} answer {number}"
                    if server.say(number % 30, "cat", number % 2, key=key).status_code == 200:
                        confirmed.add(key)
            except httpx.HTTPError:
                pass
            killer.join()
        lost = confirmed - {key for key, _, _ in stored(run)}
        assert not lost
    assert len(confirmed) > 20


@pytest.mark.slow
def test_two_people_at_two_servers_of_one_database_lose_nothing(run: ReviewedRun) -> None:
    with reviewing(run) as first, reviewing(run) as second:
        refused: list[str] = []

        def work(server: object, by: str) -> None:
            for number in range(30):
                answer = server.say(number, "cat", number % 2, by, key=f"{by} says {number}")  # type: ignore[attr-defined]
                if answer.status_code != 200:
                    refused.append(answer.text)

        threads = [
            threading.Thread(target=work, args=pair) for pair in ((first, "ann"), (second, "bob"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refused == []
        for server in (first, second):
            how = server.pictures()["progress"]
            assert how["people"] == {"ann": 30, "bob": 30}
            assert how["disagreements"] == 0
        second.say(4, "cat", 1, "bob")
        (view,) = first.pictures(state="disagreement")["pictures"]
        assert view["differ"] == ["cat"]
        assert {each["by"]: each["label"] for each in view["said"]} == {"ann": 0, "bob": 1}


@pytest.mark.slow
def test_a_locked_database_refuses_and_takes_the_same_answer_later(run: ReviewedRun) -> None:
    with reviewing(run) as server:
        with contextlib.closing(sqlite3.connect(run.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = server.say(1, "cat", 1, key="kept later")
            assert refused.status_code == 503
            assert "another program holds it" in refused.json()["detail"]
            other.execute("ROLLBACK")
        assert server.say(1, "cat", 1, key="kept later").status_code == 200
        assert [key for key, _, _ in stored(run)] == ["kept later"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["head", "middle", "none"])
def test_a_damaged_database_is_refused_with_what_to_do(run: ReviewedRun, damage: str) -> None:
    with reviewing(run) as server:
        for number in range(30):
            server.say(number, "cat", 1, by="a name that fills pages " * 4)
    run.do("export", "--to", run.folder / "good.csv")  # which ends the log of what was written
    data = bytearray(run.database.read_bytes())
    if damage == "none":
        data[:] = b"no database at all, but a text of some length" * 50
    elif damage == "head":
        data[:100] = os.urandom(100)
    else:
        data[4096:-1] = os.urandom(len(data) - 4097)
    run.database.write_bytes(data)
    told = run.do("export", "--to", run.folder / "out.csv", fails=True)
    assert "review.sqlite: damaged, or no database of answers" in told
    assert "restore a copy, or move it away" in told
    assert not (run.folder / "out.csv").exists()


def test_a_pipe_in_the_databases_place_is_refused(run: ReviewedRun) -> None:
    run.database.parent.mkdir(parents=True)
    os.mkfifo(run.database)
    assert "a named pipe, not a file" in run.do("export", "--to", "out.csv", fails=True)


MOUNT = 'mount -t tmpfs -o size=300k tmpfs "$1" && shift && exec "$@"'


@pytest.mark.slow
def test_on_a_full_disk_the_answer_is_refused_and_what_was_kept_stays(run: ReviewedRun) -> None:
    script = """
import sys
from pathlib import Path
from edgetag.reviewing.store import Change, Store, StoreError
store = Store(Path(sys.argv[1]) / "review.sqlite", ("cat",), lambda identity: True)
kept = 0
try:
    while True:
        store.add([Change(str(kept), "a", "a.png", "cat", None, 1, "x" * 5000)])
        kept += 1
except StoreError as error:
    print(kept, error)
assert len(store.since(0)) == kept > 5
"""
    assert "no space left on the disk" in on_a_small_disk(run, script)


@pytest.mark.slow
def test_a_disk_without_room_for_the_index_of_a_databases_log_is_told_to_be_full(
    run: ReviewedRun,
) -> None:
    script = """
import os, sys
from pathlib import Path
from edgetag.errors import InputError
from edgetag.reviewing.store import Store
place = Path(sys.argv[1])
left = os.statvfs(place)
(place / "others").write_bytes(bytes(left.f_bavail * left.f_bsize - 5 * left.f_bsize))
try:
    Store(place / "review.sqlite", ("cat",), lambda identity: True)
except InputError as error:
    print(error)
"""
    assert "no space left on the disk" in on_a_small_disk(run, script)


def on_a_small_disk(run: ReviewedRun, script: str) -> str:
    """Return what a script prints that is given the folder of a small disk."""
    place = run.folder / "small"
    place.mkdir()
    program = run.command()[0]
    done = captured(
        ["unshare", "-rm", "sh", "-c", MOUNT, "sh", str(place), program, "-c", script, str(place)],
        env=python_environment(),
    )
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"this system lets nobody mount a small disk: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout


SCRIPT = "<img src=x onerror=alert(1)><script>window.ran = 1</script>"


@pytest.mark.slow
def test_scripts_in_names_of_files_tags_and_people_stay_text(tmp_path: Path) -> None:
    tags = (SCRIPT, '"onmouseover="window.ran=1', "'; window.ran = 1; '", "</script><b>")
    paths = [f"{SCRIPT}/{number}'\"&.png" for number in range(6)]
    hostile = make_reviewed(tmp_path / "review", count=6, findings=3, tags=tags, paths=paths)
    browser = open_chromium(tmp_path / "profile")
    with reviewing(hostile) as server, browser.tab(server.url) as tab:
        tab.wait_for("document.querySelector('.cell[aria-selected=true]')")
        assert server.say(5, tags[0], 1, by=SCRIPT).status_code == 200
        tab.wait_for("document.getElementById('chips').innerText.includes('onerror=alert(1)>')")
        tab.wait_for("document.getElementById('progress').textContent.includes('<script>')")
        assert tab.value("window.ran") is None
        assert tab.value("document.querySelectorAll('script').length") == 1
        assert tab.value("document.querySelectorAll('main b, img[src=x]').length") == 0
        chips = tab.value("[...document.querySelectorAll('.chip')].map(each => each.dataset.tag)")
        assert chips == list(tags)
        assert tab.complaints == []


@pytest.mark.slow
def test_what_comes_from_another_page_or_by_another_name_is_refused(run: ReviewedRun) -> None:
    with reviewing(run) as server:
        rebound = server.client.get("/v1/state", headers={"host": "evil.example:80"})
        assert rebound.status_code == 403
        sent = {"by": "eve", "key": "key-of-eve"}
        origin = {"origin": "https://evil.example"}
        assert server.client.post("/v1/undo", json=sent, headers=origin).status_code == 403
        assert server.client.post("/v1/undo", content=json.dumps(sent)).status_code == 415
        page = server.client.get("/")
        assert "script-src 'sha256-" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
def test_undo_says_that_answers_of_the_recipes_corrections_are_not_taken_back(
    run: ReviewedRun,
) -> None:
    earlier = f"identity,path,tag,label,by,at\n{5:064x},p,cat,1,ann,\n"
    write_text(run.workspace.earlier_answers, earlier)
    with reviewing(run) as server:
        for by, words in (("ann", "answers in data.corrections stay"), ("bob", "nothing is left")):
            refused = server.client.post("/v1/undo", json={"by": by, "key": f"undo-of-{by}"})
            assert refused.status_code == 409
            assert words in refused.json()["detail"]


@pytest.mark.slow
def test_an_answer_that_is_none_is_refused(run: ReviewedRun) -> None:
    refused: tuple[tuple[dict[str, object], int], ...] = (
        ({"identity": "none such"}, 404),
        ({"tag": "none such"}, 422),
        ({"label": 2}, 422),
        ({"label": "1"}, 422),
        ({"more": 1}, 422),
        ({"key": ""}, 422),
        ({"before": 1.5}, 422),
        ({"by": " \u0000"}, 422),
        ({"by": "x" * 101}, 422),
    )
    with reviewing(run) as server:
        for change, status in refused:
            sent: dict[str, Any] = {"number": 1, "tag": "cat", "label": 1} | change
            assert server.say(**sent).status_code == status, change
        assert stored(run) == []


@pytest.mark.slow
def test_requests_too_large_or_misspelt_are_refused_and_the_server_goes_on(
    run: ReviewedRun,
) -> None:
    with reviewing(run) as server:
        headers = {"content-type": "application/json"}
        for body in (b"[" * 10_000_000, b"[" * 200_000, b"\xff" * 100):
            answer = server.client.post("/v1/answers", content=body, headers=headers)
            assert answer.status_code in (413, 422), answer.text
        many = [
            {"key": f"many answers {n}", "identity": "", "tag": "", "before": 0, "label": 0}
            for n in range(501)
        ]
        answer = server.client.post("/v1/answers", json={"by": "ann", "answers": many})
        assert answer.status_code == 422
        assert server.client.get("/v1/pictures", params={"count": 1_000_000}).status_code == 422
        assert server.client.get("/v1/pictures", params={"after": "x" * 5000}).status_code == 422
        assert server.client.get("/v1/nothing").status_code == 404
        misspelt = server.client.get("/v1/pictures", params={"tags": "cat"})
        assert (misspelt.status_code, misspelt.json()["detail"].split(":")[0]) == (422, "tags")
        assert server.say(1, "cat", 1).status_code == 200


@pytest.mark.slow
def test_more_connections_than_the_review_takes_are_refused_and_what_had_begun_goes_on(
    run: ReviewedRun, more_files: None
) -> None:
    sent = {"by": "ann", "answers": [SENT]}
    body = json.dumps(sent).encode()
    with reviewing(run) as server, contextlib.ExitStack() as stack:
        address = (server.client.base_url.host, server.client.base_url.port)

        def connected() -> socket.socket:
            return stack.enter_context(socket.create_connection(address, timeout=PATIENCE_S))

        begun = connected()
        begun.sendall(
            b"POST /v1/answers HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        assert server.client.get("/v1/state").status_code == 200
        for _ in range(Settings().connections):
            connected()
        answers: list[httpx.Response] = []

        def is_refused() -> bool:
            answers.append(httpx.get(f"{server.url}v1/state", timeout=PATIENCE_S))
            return answers[-1].status_code == 503

        until(is_refused)
        assert "(connections)" in answers[-1].json()["detail"]
        assert answers[-1].headers["retry-after"] == "1"
        begun.sendall(body)
        with begun.makefile("rb") as said:
            assert said.read().startswith(b"HTTP/1.1 200 ")
        stack.close()
        until(lambda: httpx.get(f"{server.url}v1/state").status_code == 200)
    assert stored(run) == [(SENT["key"], "ann", 1)]


@pytest.mark.slow
def test_others_reach_the_page_with_a_token_alone(run: ReviewedRun) -> None:
    told = run.do("--host", "0.0.0.0", "--port", "0", fails=True)  # noqa: S104
    assert "it needs a token; give --token-file, or set EDGETAG_TOKEN" in told
    with reviewing(run, "--host", "0.0.0.0", EDGETAG_TOKEN=TOKEN) as server:  # noqa: S104
        assert server.client.get("/").status_code == 200
        for path in ("/v1/state", "/v1/pictures", f"/v1/thumbnails?identity={1:064x}"):
            assert server.client.get(path).status_code == 401
            borne = server.client.get(path, headers={"authorization": f"Bearer {TOKEN}"})
            assert borne.status_code == 200


@pytest.mark.slow
def test_pictures_that_left_the_data_are_told_and_their_answers_stay(run: ReviewedRun) -> None:
    with reviewing(run) as server:
        server.say(1, "cat", 1)
        server.say(29, "cat", 1)
        make_reviewed(run.folder, count=20, findings=0)
        refused = server.say(2, "cat", 1)
        assert refused.status_code == 503, "rows of the pictures are others now"
        assert "built anew" in refused.json()["detail"]
    with reviewing(run) as server:
        notes = server.client.get("/v1/state").json()["notes"]
        assert notes == ["about pictures that the data no longer have: 1 answer"]
        assert server.pictures()["progress"]["answered_pictures"] == 1
        assert len(stored(run)) == 2
