"""Addresses that fsspec opens: what is listed can be read, and a server that fails is told."""

import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from edgetag.errors import InputError
from edgetag.tagging.errors import PictureError
from edgetag.tagging.listing import bytes_of, list_pictures
from edgetag.tagging.remote import Address


class Failing(BaseHTTPRequestHandler):
    """A server that answers with the status that a path begins with."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/").partition("/")[0]))
        self.send_header("content-length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def failing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "reason", "why"),
    [
        (404, "missing", "no such object"),
        (403, "unreadable", "403, message='Forbidden'"),
        (503, "unreadable", "503, message='Service Unavailable'"),
    ],
)
def test_a_server_that_fails_is_told_from_one_without_the_object(
    failing: str, status: int, reason: str, why: str
) -> None:
    url = f"{failing}/{status}/a.png"
    with pytest.raises(PictureError, match=f"{reason}.*{why}"):
        Address(url).read()
    with pytest.raises(InputError, match=why):
        list_pictures([url])


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_told(failing: str) -> None:
    url = failing.replace("127.0.0.1", "127.0.0.2") + "/a.png"
    with pytest.raises(PictureError, match=r"unreadable.*Cannot connect to host 127\.0\.0\.2"):
        Address(url).read()
    with pytest.raises(InputError, match="Cannot connect to host"):
        list_pictures([url])


def test_what_is_listed_below_an_address_is_read_from_there(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        for name in ("a b.png", "c/d.png"):
            packed.writestr(name, name)
    within = list_pictures([f"zip://::{tmp_path}/packed.zip"]).pictures
    assert [bytes_of(picture.read()) for picture in within] == [b"a b.png", b"c/d.png"]
    store = fsspec.filesystem("memory")
    store.pipe("/odd/a::b.png", b"two colons")
    (odd,) = list_pictures(["memory://odd/"]).pictures
    assert odd.name == "memory:///odd/a::b.png"
    assert bytes_of(odd.read()) == b"two colons"
