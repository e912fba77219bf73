"""Whatever is sent to a server, it answers the next request, and tells nothing that is not open."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.support.header_only import header_only
from tests.support.paths import RELEASED
from tests.support.served import PATIENCE_S, Served, served, until

pytestmark = pytest.mark.slow

SETTINGS = """
workers = 1
deadline_s = 100
max_bytes = 100000
upload_bytes = 150000
connections = 40
header_s = 1
body_s = 1
write_s = 1
"""
MOST = 100_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "root").mkdir()
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(folder / "root" / "good.png")
    return folder


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Served]:
    cache = str(place / "cache")
    with ThreadingHTTPServer(("127.0.0.1", 0), Leading) as leading:
        threading.Thread(target=leading.serve_forever, daemon=True).start()
        prefix = Leading.prefix = f"http://127.0.0.1:{leading.server_port}/open/"
        options = ("--root", place / "root", "--prefix", "memory://open/", "--prefix", prefix)
        with served(
            RELEASED, place / "server", *options, settings=SETTINGS, XDG_CACHE_HOME=cache
        ) as server:
            yield server
        leading.shutdown()


class Leading(BaseHTTPRequestHandler):
    """A store that leads from what is open to what is not."""

    prefix: ClassVar[str] = ""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302)
        self.send_header("location", "/closed/secret.png")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(running: Served) -> Iterator[Served]:
    """The server, which must be well after each test, and hold nothing."""
    yield running
    workers = running.workers
    good = running.client.get("/v1/tags", params={"path": "good.png"})
    assert good.status_code == 200, good.text
    assert running.process.poll() is None
    assert running.workers == workers
    assert running.metric("edgetag_held_bytes") == 0
    assert running.metric("edgetag_workers_ended_total") == 0
    assert 500 not in {line["status"] for line in running.lines("request")}


def tagged(server: Served, picture: bytes) -> httpx.Response:
    return server.client.post("/v1/tags", content=picture)


@contextlib.contextmanager
def connected(server: Served) -> Iterator[socket.socket]:
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port or 0), timeout=PATIENCE_S) as connection:
        yield connection


def rest(connection: socket.socket) -> bytes:
    """Return all that a server says until it ends the connection."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            said += part
    return said


def test_what_is_no_picture_is_told_so(server: Served, place: Path) -> None:
    whole = (place / "root" / "good.png").read_bytes()
    for picture, status, reason in (
        (b"", 400, "no picture in the request"),
        (b"no picture", 415, "not one of JPEG"),
        (whole[: len(whole) // 2], 415, ""),
        (header_only(8_000, 8_000), 413, "8000x8000 is over"),
        (b"\xff\xd8\xff\xe0" + bytes(5000), 415, ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not one of"),
        (b"MM\0*" + bytes(200), 415, "not one of"),
    ):
        for route in ("tags", "mosaic", "crop?tag=face&shape=9x9", "heatmap?tag=face"):
            answer = server.client.post(f"/v1/{route}", content=picture)
            assert answer.status_code == status, (picture[:20], route, answer.text)
            assert reason in answer.json()["detail"]


def test_odd_pictures_are_answered(server: Served, tmp_path: Path) -> None:
    Image.new("CMYK", (9, 9)).save(tmp_path / "cmyk.jpg")
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(tmp_path / "deep.png")
    Image.new("RGB", (1, 3000)).save(tmp_path / "thin.png")
    frames = [Image.new("P", (9, 9), shade) for shade in (3, 9)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    for path in sorted(tmp_path.iterdir()):
        picture = path.read_bytes()
        for route in ("tags", "mosaic", "crop?tag=face&shape=9x9", "heatmap?tag=face"):
            answer = server.client.post(f"/v1/{route}", content=picture)
            assert answer.status_code == 200, (path.name, route, answer.text)


def test_a_picture_that_is_too_large_is_refused_before_it_is_read(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ncontent-length: 100001\r\n\r\n")
        said = rest(connection)
    assert said.startswith(b"HTTP/1.1 413")
    assert b"over 100000 bytes" in said


def test_a_picture_without_end_is_ended(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(
            b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        chunk = b"1000\r\n" + bytes(4096) + b"\r\n"
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 1_000_000_000:
                connection.sendall(chunk)
                sent += len(chunk)
        assert sent < 1_000_000_000


def test_a_refused_request_is_not_read_for_ever(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(
            b"POST /v1/crop HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        said = rest(connection)
    assert said.startswith(b"HTTP/1.1 422")
    assert b"connection: close" in said


@pytest.mark.parametrize("route", ["tags", "crop", "nothing"])
def test_who_still_sends_when_it_is_refused_is_not_cut_off(server: Served, route: str) -> None:
    with connected(server) as connection:
        start = f"POST /v1/{route} HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n"
        connection.sendall(start.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 4"), "it is refused by its head"
        for _ in range(20):
            connection.sendall(bytes(10_000))
            time.sleep(0.005)  # a reset would come
        assert b"HTTP/1.1" not in rest(connection)


def test_a_body_behind_an_offer_of_another_protocol_is_a_body(server: Served, place: Path) -> None:
    whole = (place / "root" / "good.png").read_bytes()
    second = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    for body, status in ((whole, 200), (second, 415)):
        for pause_s in (0.0, 0.05):
            with connected(server) as connection:
                head = (
                    "POST /v1/tags HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                    f"Upgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                connection.sendall(head.encode() + (b"" if pause_s else body))
                time.sleep(pause_s)
                last = b"GET /v1/model HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                connection.sendall((body if pause_s else b"") + last)
                said = rest(connection)
            assert said.startswith(b"HTTP/1.1 %d" % status), said
            assert said.count(b"HTTP/1.1 ") == 2, "that of the body, and the last"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /v1/mod",
        b"GET / HTTP/1.1\r\nhost: x\r\na: ",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /",
        b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc",
        b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["nothing", "line", "fields", "next", "body", "chunk"],
)
def test_who_sends_too_slowly_is_cut_off(server: Served, sent: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        said = rest(connection)
    assert b"HTTP/1.1 408" in said


def test_who_sends_a_byte_now_and_then_is_cut_off_too(server: Served) -> None:
    with connected(server) as connection:
        connection.settimeout(0.05)
        said = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\nx: ")
            while not said:
                with contextlib.suppress(TimeoutError):
                    connection.sendall(b"a")
                    said = connection.recv(100)
        assert said.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\na: ",
        b"GET /",
        b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5;",
        b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ",
    ],
    ids=["fields", "line", "chunk", "trailer"],
)
def test_nothing_but_a_body_may_be_long(server: Served, start: bytes) -> None:
    with connected(server) as connection:
        sent = 0
        with contextlib.suppress(OSError):
            connection.sendall(start)
            while sent < 100_000_000:
                connection.sendall(b"a" * 65_536)
                sent += 65_536
        assert sent < 100_000_000


def test_who_takes_no_answer_is_cut_off(server: Served, place: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(place / "root" / "noise.jpg", quality=5)
    request = b"GET /v1/crop?tag=face&shape=2000x2000&path=noise.jpg HTTP/1.1\r\nhost: x\r\n\r\n"
    until(lambda: server.metric("edgetag_connections") == 1)
    with connected(server) as connection:
        connection.sendall(request * 60)  # more than all buffers on the way hold
        until(lambda: server.metric("edgetag_connections") == 2)
        until(lambda: server.metric("edgetag_connections") == 1)
        assert rest(connection).count(b"HTTP/1.1 200") < 60


def test_connections_that_only_stay_do_not_keep_others_out_for_ever(server: Served) -> None:
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connected(server)) for _ in range(60)]
        end = time.monotonic() + PATIENCE_S
        answers: list[httpx.Response] = []
        while not answers or answers[-1].status_code != 200:
            with contextlib.suppress(httpx.TransportError):
                answers.append(httpx.get(f"{server.url}healthz"))
            assert time.monotonic() < end
        assert len(waiting) == 60
    refused = answers[:-1]
    assert "(connections)" in refused[0].json()["detail"]
    assert {(answer.status_code, "retry-after" in answer.headers) for answer in refused} == {
        (503, True)
    }
    assert server.metric('edgetag_refused_total{reason="connections"}') == len(refused)


def test_all_uploads_together_are_bounded(server: Served) -> None:
    head = b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\n"
    with connected(server) as first, connected(server) as second:
        first.sendall(head + bytes(80_000))
        second.sendall(head + bytes(80_000))
        said = rest(first) + rest(second)
    assert b"HTTP/1.1 503" in said
    assert b"(uploads)" in said


@pytest.mark.parametrize(
    "path",
    [
        "../secret.png",
        "a/../../secret.png",
        "./../secret.png",
        "link.png",
        "folder/secret.png",
        "{outside}/secret.png",
        "{inside}/good.png",
        "/proc/self/environ",
        "good.png/../../secret.png",
        "good.png%00.jpg",
        "pipe.png",
        ".",
        "",
        "no\nsuch",
    ],
)
def test_no_path_leads_out_of_the_roots(server: Served, place: Path, path: str) -> None:
    secret = place / "secret.png"
    if not secret.exists():
        secret.write_bytes((place / "root" / "good.png").read_bytes())
        (place / "root" / "link.png").symlink_to(secret)
        (place / "root" / "folder").symlink_to(place)
        os.mkfifo(place / "root" / "pipe.png")
    query = path.replace("{outside}", str(place)).replace("{inside}", str(place / "root"))
    query = query if "%00" in query else quote(query)
    answer = server.client.get(f"/v1/tags?path={query}")
    assert answer.status_code == 404
    assert (
        answer.json()["detail"] == "there is no such picture in the folders that are open to path="
    )


def test_names_of_all_kinds_are_read_and_logged_as_one_line(server: Served, place: Path) -> None:
    root, good = os.fsencode(place / "root"), (place / "root" / "good.png").read_bytes()
    (place / "root" / "inner.png").symlink_to(place / "root" / "good.png")
    for name in (b"new\nline.png", b"-rf", b"caf\xe9.png", "雪.png".encode(), b"a b&c.png"):
        with open(os.path.join(root, name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(good)
        answer = server.client.get(f"/v1/tags?path={quote(name)}")
        assert answer.status_code == 200, name
    assert server.client.get("/v1/tags?path=inner.png").status_code == 200, "a link within a root"
    assert all(line.startswith('{"time"') for line in server.log.read_text().splitlines())


def test_a_file_larger_than_a_picture_may_be_is_refused(server: Served, place: Path) -> None:
    (place / "root" / "large.png").write_bytes(bytes(MOST + 1))
    assert server.client.get("/v1/tags?path=large.png").status_code == 413


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/x.png",
        "file:///etc/passwd",
        "memory://other/x.png",
        "simplecache::memory://open/x.png",
        "MEMORY://open/x.png",
        "",
    ],
)
def test_no_address_is_asked_but_under_an_open_prefix(server: Served, address: str) -> None:
    answer = server.client.get("/v1/tags", params={"address": address})
    assert answer.status_code == 403
    assert "under no prefix" in answer.json()["detail"]


@pytest.mark.parametrize(
    "rest",
    [
        "../other/x.png",
        "",
        "/x.png",
        "a::file:///etc/passwd",
        "a?b",
        "%2e%2e/x.png",
        "a\x85b",
        "．．／x",
    ],
)
def test_behind_a_prefix_stands_nothing_that_may_lead_elsewhere(server: Served, rest: str) -> None:
    answer = server.client.get("/v1/tags", params={"address": f"memory://open/{rest}"})
    assert answer.status_code == 403
    assert "behind the prefix" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["x.png", "写真\u3000Ａ/u\u0308 1.png"])
def test_an_address_without_a_picture_is_told_so(server: Served, name: str) -> None:
    answer = server.client.get("/v1/tags", params={"address": f"memory://open/{name}"})
    assert answer.status_code == 404


def test_no_redirection_is_followed(server: Served) -> None:
    prefix = Leading.prefix
    answer = server.client.get("/v1/tags", params={"address": f"{prefix}x.png"})
    assert answer.status_code != 200
    assert set(Leading.asked) == {"/open/x.png"}


@pytest.mark.parametrize("query", ["", "path=a&path=b", "path=good.png&address=memory://open/x"])
def test_one_picture_is_asked_about_at_a_time(server: Served, query: str) -> None:
    answer = server.client.get(f"/v1/tags?{query}")
    assert answer.status_code == 400
    assert "name one picture" in answer.json()["detail"]


PART = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\nabc\r\n'
FILE = b'; filename="a"'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b"abc"),
        ("; boundary=x", b"abc"),
        ("; boundary=x", b"--x\r\n\r\nabc"),
        ("; boundary=x", PART % (b"picture", b"") + b"--x--\r\n"),
        ("; boundary=x", PART % (b"other", FILE) + b"--x--\r\n"),
        ("; boundary=x", 3 * (PART % (b"picture", FILE)) + b"--x--\r\n"),
    ],
    ids=["no boundary", "no part", "no end", "no file", "other field", "three files"],
)
def test_a_form_that_is_none_is_refused(server: Served, kind: str, body: bytes) -> None:
    headers = {"content-type": f"multipart/form-data{kind}"}
    answer = server.client.post("/v1/tags", content=body, headers=headers)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "sent",
    [
        b"\0\1\2\3\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST /v1/tags HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["bytes", "version", "length", "lengths", "chunk", "tls"],
)
def test_what_is_no_http_is_refused(server: Served, sent: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        said = rest(connection)
    assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 408")), said
