"""What a server does where there is more to do than there is time for.

The worker is stopped by a signal, so that work waits for as long as a test wants.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from edgetag.editing.edits import centre_of
from edgetag.editing.saving import encode, open_picture
from edgetag.serving.guard import Guard
from edgetag.serving.lateness import Lateness
from edgetag.serving.logs import tell
from edgetag.serving.metrics import Metrics
from tests.support.paths import RELEASED
from tests.support.processes import runs
from tests.support.served import Served, served, until

pytestmark = [pytest.mark.slow]

CROP = {"tag": "face", "shape": "300x300"}


@pytest.fixture(scope="module")
def small(place: Path) -> Iterator[Served]:
    """A server with one worker, before which one job may wait for as long as it likes."""
    settings = "workers = 1\nqueue = 1\ndeadline_s = 500\njob_s = 500\ncache_bytes = 100000"
    with served(RELEASED, place / "small", settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(place: Path) -> Iterator[Served]:
    """A server whose work must be begun at once."""
    settings = "workers = 1\ndeadline_s = 0.1"
    with served(RELEASED, place / "hasty", settings=settings) as running:
        yield running


@contextmanager
def stopped(server: Served) -> Iterator[int]:
    """Stop the worker until the block ends."""
    (worker,) = server.workers
    os.kill(worker, signal.SIGSTOP)
    try:
        yield worker
    finally:
        if runs(worker):
            os.kill(worker, signal.SIGCONT)


class Asking:
    """Requests that go on beside the test."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._pool = ThreadPoolExecutor(32)

    def ask(
        self, route: str, picture: bytes, query: dict[str, str] | None = None
    ) -> "Future[httpx.Response]":
        return self._pool.submit(
            self._server.client.post, f"/v1/{route}", params=query, content=picture
        )

    def until(self, metric: str, value: float) -> None:
        until(lambda: self._server.metric(metric) == value, self._server.log.read_text)


def test_the_same_question_is_answered_once_for_all_who_ask(small: Served, cat: bytes) -> None:
    asking, picture = Asking(small), cat + b"\1"
    looks, joined = small.metric("edgetag_looks_total"), small.metric("edgetag_joined_total")
    with stopped(small):
        answers = [asking.ask("crop", picture, CROP) for _ in range(9)]
        asking.until("edgetag_joined_total", joined + 8)
    assert {answer.result().status_code for answer in answers} == {200}
    assert len({answer.result().content for answer in answers}) == 1
    sources = sorted(answer.result().headers["edgetag-source"] for answer in answers)
    assert sources == ["computed", *["joined"] * 8]
    assert small.metric("edgetag_looks_total") == looks + 1


def test_the_model_looks_once_at_a_picture_of_which_several_things_are_asked(
    small: Served, cat: bytes
) -> None:
    asking, picture = Asking(small), cat + b"\2"
    looks = small.metric("edgetag_looks_total")
    asked = small.metric('edgetag_cache_total{place="nowhere"}')
    with stopped(small):
        answers = [asking.ask("tags", picture), asking.ask("heatmap", picture, {"tag": "face"})]
        asking.until('edgetag_cache_total{place="nowhere"}', asked + 4)
    assert {answer.result().status_code for answer in answers} == {200}
    assert small.metric("edgetag_looks_total") == looks + 1


def test_where_the_queue_is_full_tags_are_refused_and_a_crop_is_of_the_middle(
    small: Served, cat: bytes
) -> None:
    asking = Asking(small)
    full = 'edgetag_refused_total{reason="queue"}'
    refused = small.metric(full)
    with stopped(small):
        begun = asking.ask("tags", cat + b"\3")
        asking.until("edgetag_running", 1)
        waiting = asking.ask("tags", cat + b"\4")
        asking.until("edgetag_queue", 1)
        for route, query in (("tags", {}), ("heatmap", {"tag": "face"}), ("mosaic", {})):
            busy = asking.ask(route, cat + b"\5", query).result()
            assert busy.status_code == 503, route
            assert int(busy.headers["retry-after"]) >= 1
            assert "ask again" in busy.json()["detail"]
        crop = asking.ask("crop", cat + b"\5", CROP)
        asking.until("edgetag_queue", 2)
    assert begun.result().status_code == waiting.result().status_code == 200
    assert small.metric(full) == refused + 3
    answer = crop.result()
    assert answer.status_code == 200
    assert answer.headers["edgetag-degraded"] == "centre-crop"
    assert small.metric('edgetag_degraded_total{reason="queue"}') == 1
    assert answer.headers["cache-control"] == "private, max-age=2"
    assert "etag" not in answer.headers
    opened = open_picture(cat, least_size=(225, 225))
    assert answer.content == encode(centre_of("300x300")(opened.image), opened)
    again = small.client.post("/v1/crop", params=CROP, content=cat + b"\5")
    assert "edgetag-degraded" not in again.headers, "what was given in its place is not kept"
    assert again.headers["edgetag-source"] == "computed"


def test_a_front_that_is_behind_refuses_unread_what_is_asked_about_pictures() -> None:
    reached: list[str] = []
    metrics = Metrics()

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask(path: str, is_late: bool) -> httpx.Response:
        guard = Guard(answer, "", lambda: is_late, lambda: False, metrics, tell)
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://front") as client:
            return await client.post(path, content=b"picture")

    assert asyncio.run(ask("/v1/tags", False)).status_code == 200
    refused = asyncio.run(ask("/v1/crop", True))
    assert refused.status_code == 503
    assert "(late)" in refused.json()["detail"]
    assert "retry-after" in refused.headers
    assert asyncio.run(ask("/readyz", True)).status_code == 200
    assert reached == ["/v1/tags", "/readyz"]


def test_how_late_the_front_is_is_measured() -> None:
    async def measured() -> tuple[float, float]:
        lateness = Lateness()
        watching = asyncio.create_task(lateness.watch())
        await asyncio.sleep(0)
        time.sleep(0.5)
        while not lateness.seconds:
            await asyncio.sleep(0)
        behind = lateness.seconds
        while lateness.seconds > behind / 2:
            await asyncio.sleep(0.01)
        watching.cancel()
        return behind, lateness.seconds

    behind, after = asyncio.run(measured())
    assert after < 0.45 < behind


def test_what_no_worker_begins_in_time_is_given_up(hasty: Served, cat: bytes) -> None:
    asking = Asking(hasty)
    with stopped(hasty):
        begun = asking.ask("tags", cat + b"\6")
        asking.until("edgetag_running", 1)
        assert asking.ask("crop", cat + b"\7", CROP).result().status_code == 503
        assert asking.ask("tags", cat + b"\7").result().status_code == 503
        assert not begun.done(), "what a worker has begun is answered, however late"
    assert begun.result().status_code == 200
    late = hasty.metric('edgetag_refused_total{reason="expired"}')
    assert late + hasty.metric('edgetag_refused_total{reason="deadline"}') == 2
    assert "edgetag_degraded_total{" not in hasty.client.get("/metrics").text, "none was given"


def test_a_server_with_nothing_else_to_do_takes_its_time(hasty: Served, cat: bytes) -> None:
    with stopped(hasty):
        late = Asking(hasty).ask("tags", cat + b"\10")
        with pytest.raises(TimeoutError):
            late.result(timeout=0.5)
    assert late.result().status_code == 200


def test_a_worker_that_is_lost_costs_one_answer(small: Served, cat: bytes) -> None:
    asking = Asking(small)
    ended = small.metric("edgetag_workers_ended_total")
    with stopped(small) as worker:
        lost = asking.ask("tags", cat + b"\11")
        asking.until("edgetag_running", 1)
        next_one = asking.ask("tags", cat + b"\12")
        asking.until("edgetag_queue", 1)
        os.kill(worker, signal.SIGKILL)
    assert lost.result().status_code == 500
    assert "SIGKILL" in lost.result().json()["detail"]
    assert next_one.result().status_code == 200
    assert small.metric("edgetag_workers_ended_total") == ended + 1
    assert small.workers != [worker]


def test_the_cache_holds_no_more_than_it_may(small: Served, cat: bytes) -> None:
    for number in range(20):
        query = {"tag": "face", "shape": f"{200 + number}x200"}
        assert small.client.post("/v1/crop", params=query, content=cat).status_code == 200
        assert 0 < small.metric("edgetag_cache_bytes") <= 100_000
