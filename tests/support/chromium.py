"""Headless Chromium: a page drawn once by a command, or a browser that a test speaks to."""

import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DARK, LIGHT = 0, 1
NAMED_KEYS = {
    "Enter": ("\r", 13),
    "Escape": ("", 27),
    "Tab": ("", 9),
    "ArrowRight": ("", 39),
    "ArrowDown": ("", 40),
}
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
)


@dataclass(frozen=True)
class Chromium:
    """A browser with a profile of its own."""

    program: str
    profile: Path

    def run(
        self, page: Path, *options: str, scheme: int = LIGHT
    ) -> subprocess.CompletedProcess[str]:
        command = [
            self.program,
            *OPTIONS,
            f"--user-data-dir={self.profile}",
            f"--blink-settings=preferredColorScheme={scheme}",
            "--virtual-time-budget=2000",
            "--enable-logging=stderr",
            "--v=0",
            *options,
            page.as_uri(),
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)

    @contextmanager
    def tab(self, url: str, width: int = 1280, height: int = 900) -> Iterator["Tab"]:
        """Open a page, and speak to it over the DevTools protocol until the block ends."""
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        options = (
            *OPTIONS,
            f"--user-data-dir={self.profile}",
            "--remote-debugging-pipe",
            "--no-proxy-server",
        )
        # The browser reads from descriptor 3 and writes to 4.
        shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        process = subprocess.Popen(
            ["bash", "-c", shell, "-", self.program, *options, "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            with os.fdopen(ours_in, "rb", 0) as said, os.fdopen(ours_out, "wb", 0) as asked:
                tab = Tab(said, asked)
                target = tab.do("Target.createTarget", url="about:blank")["targetId"]
                attached = tab.do("Target.attachToTarget", targetId=target, flatten=True)
                tab.session = attached["sessionId"]
                for part in ("Page", "Runtime", "Log", "DOM"):
                    tab.do(f"{part}.enable")
                tab.do(
                    "Emulation.setDeviceMetricsOverride",
                    width=width,
                    height=height,
                    deviceScaleFactor=1,
                    mobile=False,
                )
                tab.open(url)
                yield tab
        finally:
            process.kill()
            process.wait()


@dataclass
class Tab:
    """A page in a browser.

    Attributes:
        complaints: What its console has said, errors and warnings.
    """

    said: IO[bytes]
    asked: IO[bytes]
    session: str = ""
    complaints: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _rest: bytes = b""
    _is_loaded: bool = False

    def do(self, method: str, **more: object) -> dict[str, Any]:
        """Return what a method of the DevTools protocol gives."""
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": more}
        if self.session:
            message["sessionId"] = self.session
        self.asked.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer)
                return dict(answer["result"])

    def open(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        self._is_loaded = False
        self.do("Page.navigate", url=url)
        while not self._is_loaded:
            self._next()

    def value(self, script: str) -> Any:
        """Return what an expression comes to; a promise is waited for."""
        answer = self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true; a test's own timeout ends what never is."""
        self.value(
            "new Promise(done => { const look = () => "
            f"{{ if ({condition}) done(); else setTimeout(look, 20); }}; look(); }})"
        )

    def choose(self, selector: str, *files: Path) -> None:
        """Choose files in a field, as a person does."""
        root = self.do("DOM.getDocument")["root"]["nodeId"]
        node = self.do("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.do("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def press(self, *keys: str) -> None:
        """Press keys, one after another, where the focus is; a letter is its own name."""
        for key in keys:
            text, code = NAMED_KEYS.get(key, (key, 0))
            more = {"key": key, "windowsVirtualKeyCode": code}
            self.do("Input.dispatchKeyEvent", type="keyDown", text=text, **more)
            self.do("Input.dispatchKeyEvent", type="keyUp", **more)

    def shot(self) -> bytes:
        """Return a picture of the page, as PNG."""
        return base64.b64decode(self.do("Page.captureScreenshot")["data"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = self.said.read(1 << 16)
            assert part, "the browser has ended"
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        message = dict(json.loads(text))
        if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
            self.complaints.append(json.dumps(message["params"]))
        self._is_loaded |= message.get("method") == "Page.loadEventFired"
        return message


def open_chromium(profile: Path) -> Chromium:
    """Return the browser, or skip the test where there is none."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None and "CI" not in os.environ:
        pytest.skip("the page is tested in Chromium: Debian's package chromium")
    assert program, "Chromium is missing; .ci/system installs it"
    return Chromium(program, profile)
