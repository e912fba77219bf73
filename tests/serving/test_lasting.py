"""A server ends, opens new bundles, and loses Redis, without losing a request."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.serving.conftest import PATIENT
from tests.support.paths import RELEASED
from tests.support.processes import children, runs
from tests.support.served import PATIENCE_S, served, until

pytestmark = [pytest.mark.slow]

CROP = {"tag": "face", "shape": "100x80"}


def model_of(bundle: Path) -> bytes:
    """Return the bundle's first model."""
    with zipfile.ZipFile(bundle) as archive:
        return next(archive.read(name) for name in archive.namelist() if name.endswith(".tflite"))


def test_a_new_bundle_is_opened_without_a_lost_request_and_a_broken_one_stays_out(
    place: Path, cat: bytes
) -> None:
    model = place / "model.zip"
    shutil.copy(RELEASED, model)
    statuses: list[int] = []
    models: list[str] = []
    ending = threading.Event()
    with served(model, place / "reloaded", "--workers", 1, settings=PATIENT) as server:

        def ask_on() -> None:
            with httpx.Client(base_url=server.url, timeout=100) as client:
                while not ending.is_set():
                    answer = client.post("/v1/tags", content=cat + os.urandom(4))
                    statuses.append(answer.status_code)
                    models.append(client.get("/v1/model").json()["bundle"])

        asking = threading.Thread(target=ask_on)
        asking.start()
        try:
            first = server.client.get("/v1/model").json()["bundle"]
            (former,) = server.workers
            model.write_bytes(b"PK\3\4 broken")
            server.signal(signal.SIGHUP)
            refused = server.wait_for("reload refused")
            assert str(model) in refused["detail"]
            model.write_bytes(model_of(RELEASED))
            server.signal(signal.SIGHUP)
            second = server.wait_for("reloaded")["bundle"]
            until(lambda: models[-1] == second and not runs(former))
            assert first != second
        finally:
            ending.set()
            asking.join()
        assert set(models) == {first, second}
        assert set(statuses) == {200}
        assert server.metric('edgetag_reloads_total{outcome="refused"}') == 1


def test_a_server_that_is_told_to_end_answers_what_came(place: Path, cat: bytes) -> None:
    with served(RELEASED, place / "ended", "--workers", 1, settings=PATIENT) as server:
        (worker,) = server.workers
        os.kill(worker, signal.SIGSTOP)
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(server.client.post("/v1/tags", content=cat).status_code)
        )
        asking.start()
        with httpx.Client(base_url=server.url) as other:
            until(lambda: "edgetag_running 1.0" in other.get("/metrics").text)
            server.signal(signal.SIGTERM)
            server.wait_for("ending")
            until(lambda: not reached(server.url))
        os.kill(worker, signal.SIGCONT)
        asking.join()
        assert answers == [200]
        assert server.process.wait(100) == 0
        assert not runs(worker)
        assert server.lines("ended")


@contextmanager
def opening_server(place: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Start a server, and stop its worker while that opens the model; return both."""
    place.mkdir()
    command = [sys.executable, "-P", "-m", "edgetag.cli.main", "serve", str(RELEASED)]
    with (place / "log.jsonl").open("wb") as log:
        process = subprocess.Popen([*command, "--port", "0", "--workers", "1"], stderr=log)
    try:
        until(lambda: bool(children(process.pid)))
        (worker,) = children(process.pid)
        os.kill(worker, signal.SIGSTOP)
        yield process, worker
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_while_it_opens_its_model_ends(
    place: Path, number: signal.Signals
) -> None:
    with opening_server(place / f"opening-{number}") as (process, worker):
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        assert not runs(worker)
    (line,) = (place / f"opening-{number}" / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["event"] == "ended"


def test_a_model_that_was_replaced_while_a_server_opened_it_is_opened_anew(place: Path) -> None:
    log = place / "replaced" / "log.jsonl"
    with opening_server(log.parent) as (process, worker):
        process.send_signal(signal.SIGHUP)
        os.kill(worker, signal.SIGCONT)
        until(lambda: '"reloaded"' in log.read_text() or process.poll() is not None)
        assert process.poll() is None


def test_a_job_that_takes_too_long_is_ended_with_its_worker(place: Path, cat: bytes) -> None:
    settings = f"{PATIENT}\nworkers = 1\njob_s = 5"
    with served(RELEASED, place / "slow", settings=settings) as server:
        (worker,) = server.workers
        os.kill(worker, signal.SIGSTOP)
        answer = server.client.post("/v1/tags", content=cat)
        assert answer.status_code == 500
        assert "it took more than 5 s and was ended" in answer.json()["detail"]
        assert not runs(worker)
        assert server.client.post("/v1/tags", content=cat).status_code == 200


def reached(url: str) -> bool:
    """Tell whether a server still takes connections."""
    parts = httpx.URL(url)
    with socket.socket() as client:
        return client.connect_ex((parts.host, parts.port or 0)) == 0


def test_workers_give_way_to_the_front_and_end_with_it_when_it_is_killed(place: Path) -> None:
    with served(RELEASED, place / "killed", "--workers", 1) as server:
        (worker,), front = server.workers, server.process.pid
        niceness = [os.getpriority(os.PRIO_PROCESS, pid) for pid in (front, worker)]
        assert niceness[1] > niceness[0]
        # Linux weighs sessions against each other before processes: in one of its own, a worker's
        # niceness would say nothing to the front.
        assert os.getsid(worker) == os.getsid(front)
        assert os.getpgid(worker) != os.getpgid(front), "Ctrl-C is for the front alone"
        server.process.kill()
        until(lambda: not runs(worker))


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Start Debian's redis-server on a socket, and end it."""
    program = shutil.which("redis-server")
    if program is None and "CI" not in os.environ:
        pytest.skip("the cache is tested with a real Redis: Debian's package redis-server")
    assert program, "redis-server is missing; .ci/system installs it"
    path = folder / "redis.sock"
    command = [
        program,
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until(path.exists)
        yield f"unix://{path}", process
    finally:
        process.kill()
        process.wait()


def test_redis_keeps_answers_and_costs_none_where_it_is_down_or_damaged(
    place: Path, tmp_path: Path, cat: bytes
) -> None:
    from redis import Redis

    with redis_server(tmp_path) as (address, process):
        settings = f"{PATIENT}\nworkers = 1\ncache_bytes = 0"
        redis = ("--redis", address)
        with served(RELEASED, place / "redis", *redis, settings=settings) as server:

            def source() -> str:
                answer = server.client.post("/v1/crop", params=CROP, content=cat)
                assert answer.status_code == 200
                bodies.add(answer.content)
                return answer.headers["edgetag-source"]

            bodies: set[bytes] = set()
            assert source() == "computed"
            with Redis.from_url(address) as known:
                until(lambda: known.dbsize() == 2)
                assert source() == "cache"
                assert server.metric('edgetag_cache_total{place="redis"}') >= 1
                for key in known.scan_iter():
                    value = known.get(key)
                    assert isinstance(value, bytes)
                    assert 0 < known.ttl(key) <= 86_400
                    known.set(key, value[:-1] + bytes([value[-1] ^ 1]))
                assert source() == "computed", "what others wrote there is not answered"
            process.kill()
            process.wait()
            assert source() == "computed"
            assert server.metric("edgetag_cache_errors_total") >= 1
            assert server.lines("redis failed")
            assert len(bodies) == 1


TOKEN = "correct-horse-battery"  # noqa: S105 - of the test alone


def test_without_the_token_nothing_of_pictures_is_told(place: Path, cat: bytes) -> None:
    file = place / "token"
    file.write_text(f"{TOKEN}\n")
    settings = f"{PATIENT}\nworkers = 1"
    with served(
        RELEASED,
        place / "guarded",
        "--token-file",
        file,
        "--root",
        place / "root",
        settings=settings,
    ) as server:
        client = server.client
        for borne in (None, "", TOKEN, f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", "Bearer é"):
            headers = {} if borne is None else {b"authorization": borne.encode()}
            answers = [
                client.post("/v1/tags", content=cat, headers=headers),
                *(
                    client.get(path, headers=headers)
                    for path in ("/v1/tags?path=cat.jpg", "/v1/model", "/metrics", "/openapi.json")
                ),
            ]
            assert {answer.status_code for answer in answers} == {401}
            assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
        for path in ("/", "/healthz", "/readyz"):
            assert client.get(path).status_code == 200
            asked = client.head(path)  # as load balancers do
            assert (asked.status_code, asked.content) == (200, b"")
        right = {"authorization": f"bearer {TOKEN}"}
        assert client.post("/v1/tags", content=cat, headers=right).status_code == 200
        assert client.get("/metrics", headers=right).status_code == 200
        assert TOKEN not in server.log.read_text()
