"""What requests name is read within limits; a store that is late keeps nothing for itself."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from edgetag.serving.aside import NAME
from edgetag.serving.settings import Settings
from edgetag.serving.sources import Sources
from tests.support.programs import captured
from tests.support.served import PATIENCE_S, until

SIZE = 1000


@contextmanager
def late_store(goes_on: threading.Event) -> Iterator[str]:
    """Serve a picture of `SIZE` bytes that is answered once it may be; yield its folder."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            goes_on.wait()
            self.send_response(200)
            self.send_header("content-length", str(SIZE))
            self.send_header("accept-ranges", "bytes")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            goes_on.set()
            server.shutdown()
            thread.join()


async def read(sources: Sources, query: str) -> bytes:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "server": None,
        "headers": [],
    }
    request = Request({**scope, "query_string": query.encode()})
    async with sources.open(request) as upload:
        return upload.data


@pytest.mark.slow
def test_a_late_store_keeps_no_other_picture_waiting_and_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "here.png").write_bytes(b"here")
    goes_on = threading.Event()

    async def ask(sources: Sources, folder: str) -> bytes:
        late = [read(sources, f"address={folder}{number}.png") for number in range(40)]
        try:
            refused = await asyncio.gather(*late, return_exceptions=True)
            assert {str(each) for each in refused} == {"the address did not answer in time"}
            async with asyncio.timeout(PATIENCE_S):
                return await read(sources, "path=here.png")
        finally:
            goes_on.set()

    with late_store(goes_on) as folder:
        sources = Sources(Settings(prefixes=(folder,), roots=(tmp_path,), body_s=0.1))
        assert asyncio.run(ask(sources, folder)) == b"here"
        until(lambda: NAME not in [thread.name for thread in threading.enumerate()])
    assert sources.held_bytes == 0


@pytest.mark.slow
def test_a_process_ends_though_work_aside_never_comes_back() -> None:
    text = (
        "import asyncio, threading\n"
        "from edgetag.serving.aside import Aside\n"
        "async def main():\n"
        "    work = Aside(1).do(threading.Event().wait)\n"
        "    await asyncio.wait_for(work, 0.01)\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except TimeoutError:\n"
        "    print('ended')\n"
    )
    done = captured([sys.executable, "-P", "-c", text], env=dict(os.environ))
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr
