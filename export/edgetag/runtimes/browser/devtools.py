"""A page in headless Chromium, spoken to over a pipe by the DevTools protocol.

No port is opened and nothing is fetched: the browser asks this process for every file of the page,
and gets those that it was given. https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from edgetag.programs import told_version

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "install Chromium or Chrome (Debian: apt install chromium)"
ORIGIN = "https://edgetag.invalid"
"""Of pages that are given. `.invalid` is reserved (RFC 2606), and https may use WebGPU."""

OPTIONS = (
    "--headless",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--remote-debugging-pipe",
)
ANSWER_S = 20.0

Files = Mapping[str, tuple[str, Callable[[], bytes]]]
"""Path of a page's file → its media type, and what reads it."""


class BrowserError(Exception):
    """The browser ended, or a script in its page threw, with the reason."""


def find_chromium() -> str | None:
    """Return the path of a browser, None where none is on PATH."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def chromium_version(program: str) -> str:
    """Return what a browser calls itself: `Chromium 156.0.8078.108`, or `Chromium` alone."""
    return " ".join(told_version(program).split()[:2]) or "Chromium"


@dataclass
class Tab:
    """A page in a browser."""

    said: IO[bytes]
    asked: IO[bytes]
    files: Files
    session: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _rest: bytes = b""
    _is_loaded: bool = False

    def do(self, method: str, **more: object) -> dict[str, Any]:
        """Return what a method of the protocol gives.

        Raises:
            BrowserError: It refuses, or the browser has ended.
        """
        number = self._ask(method, more)
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return dict(answer["result"])

    def open(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        self._is_loaded = False
        self.do("Page.navigate", url=url)
        while not self._is_loaded:
            self._next()

    def value(self, script: str) -> Any:
        """Return what an expression comes to; a promise is waited for.

        Raises:
            BrowserError: It throws.
        """
        answer = self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            thrown = details.get("exception", {})
            raise BrowserError(
                str(thrown.get("description") or thrown.get("value") or details["text"])
            )
        return answer["result"].get("value")

    def heard(self, message: dict[str, Any]) -> None:
        """Take in what the browser tells unasked."""
        match message.get("method"):
            case "Page.loadEventFired":
                self._is_loaded = True
            case "Fetch.requestPaused":
                self._give(message["params"])

    def _ask(self, method: str, more: Mapping[str, object]) -> int:
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": more}
        if self.session:
            message["sessionId"] = self.session
        try:
            self.asked.write(json.dumps(message).encode() + b"\0")
            self.asked.flush()
        except OSError:
            raise BrowserError("the browser has ended") from None
        return number

    def _give(self, paused: Mapping[str, Any]) -> None:
        """Give the page a file that it asks for, or say that there is none."""
        path = paused["request"]["url"].removeprefix(ORIGIN)
        kind, read = self.files.get(path, ("text/plain", None))
        self._ask(
            "Fetch.fulfillRequest",
            {
                "requestId": paused["requestId"],
                "responseCode": 404 if read is None else 200,
                "responseHeaders": [{"name": "Content-Type", "value": kind}],
                "body": "" if read is None else base64.b64encode(read()).decode("ascii"),
            },
        )

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = self.said.read(1 << 16)
            if not part:
                raise BrowserError("the browser has ended")
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        message = dict(json.loads(text))
        self.heard(message)
        return message


@contextmanager
def open_tab(
    program: str,
    profile: Path,
    options: tuple[str, ...] = (),
    files: Files | None = None,
    kind: type[Tab] = Tab,
) -> Iterator[Tab]:
    """Start a browser with an empty page, and end it with the block.

    A browser whose pipe closes ends by itself, so that none outlives a killed process, and none
    needs a signal, which a process that has been confined since could not send.

    Args:
        program: The browser.
        profile: A folder for all that it writes.
        options: More of its options.
        files: What pages of `ORIGIN` consist of; without them pages are fetched as ever.
        kind: The page's class.

    Raises:
        BrowserError: It does not start, or ended in the block.
    """
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    own = [f"--user-data-dir={profile}", *options]
    if os.geteuid() == 0:  # root's browser refuses to start with its sandbox
        own.append("--no-sandbox")
    # The browser reads from descriptor 3 and writes to 4.
    shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
    process = subprocess.Popen(
        ["bash", "-c", shell, "-", program, *OPTIONS, *own, "about:blank"],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        with os.fdopen(ours_in, "rb", 0) as said, os.fdopen(ours_out, "wb") as asked:
            tab = kind(said, asked, files or {})
            target = tab.do("Target.createTarget", url="about:blank")["targetId"]
            tab.session = tab.do("Target.attachToTarget", targetId=target, flatten=True)[
                "sessionId"
            ]
            for part in ("Page", "Runtime", "Log", "DOM"):
                tab.do(f"{part}.enable")
            if files is not None:
                tab.do("Fetch.enable", patterns=[{"urlPattern": "*"}])
            yield tab
    except BrokenPipeError:  # what could not be told it is tried again when the pipe closes
        raise BrowserError("the browser has ended") from None
    finally:
        process.wait(ANSWER_S)
