"""Headless Chromium, which a test speaks to."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edgetag.runtimes.browser import devtools
from edgetag.runtimes.browser.devtools import find_chromium, open_tab

NAMED_KEYS = {
    "Enter": ("\r", 13),
    "Escape": ("", 27),
    "Tab": ("", 9),
    "ArrowRight": ("", 39),
    "ArrowDown": ("", 40),
}


@dataclass(frozen=True)
class Chromium:
    """A browser with a profile of its own."""

    program: str
    profile: Path

    @contextmanager
    def tab(self, url: str, width: int = 1280, height: int = 900) -> Iterator["Tab"]:
        """Open a page, and speak to it over the DevTools protocol until the block ends."""
        options = ("--disable-gpu",)
        with open_tab(self.program, self.profile, options, kind=Tab) as tab:
            assert isinstance(tab, Tab)
            tab.resize(width, height)
            tab.open(url)
            yield tab


@dataclass
class Tab(devtools.Tab):
    """A page in a browser, as a person uses it.

    Attributes:
        complaints: What its console has said, errors and warnings.
    """

    complaints: list[str] = field(default_factory=list)

    def heard(self, message: dict[str, Any]) -> None:
        """Keep complaints."""
        super().heard(message)
        if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
            self.complaints.append(json.dumps(message["params"]))

    def resize(self, width: int, height: int) -> None:
        """Give the page a window of so many pixels."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

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

    def shot(self, element: str = "", height: int | None = None) -> bytes:
        """Return a picture of what the window shows, or of an element down to a height, as PNG."""
        if not element:
            return base64.b64decode(self.do("Page.captureScreenshot")["data"])
        clip = self.value(
            f"(() => {{ const box = {element}.getBoundingClientRect(); return {{scale: 1, "
            "x: box.x + scrollX, y: box.y + scrollY, width: box.width, "
            f"height: {height or 'box.height'}}}; }})()"
        )
        options = {"clip": clip, "captureBeyondViewport": True}
        return base64.b64decode(self.do("Page.captureScreenshot", **options)["data"])


def open_chromium(profile: Path) -> Chromium:
    """Return the browser, or skip the test where there is none."""
    program = find_chromium()
    if program is None and "CI" not in os.environ:
        pytest.skip("the page is tested in Chromium: Debian's package chromium")
    assert program, "Chromium is missing; .ci/system installs it"
    return Chromium(program, profile)
