"""A model loaded by LiteRT.js in a page of Chromium, a `Session`."""

import base64
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgetag.errors import one_line
from edgetag.runtimes.browser.devtools import ORIGIN, BrowserError, Tab
from edgetag.runtimes.interpreter import describe
from edgetag.runtimes.messages import Loaded
from edgetag.runtimes.protocol import ModelLoadError
from edgetag.runtimes.session import Signature, Values


def told_by_adapter(info: Mapping[str, Any] | None) -> Loaded:
    """Return what computes shaders, by what a browser says of its WebGPU adapter.

    Args:
        info: A `GPUAdapterInfo`, https://www.w3.org/TR/webgpu/#gpuadapterinfo; None without one.
    """
    told = info or {}
    words = (str(told.get(key) or "") for key in ("vendor", "architecture", "description"))
    name = " ".join(word for word in words if word)
    if not name:
        return Loaded()
    # A browser may name SwiftShader and lack `isFallbackAdapter`, which is younger than the names.
    if told.get("isFallbackAdapter") or "swiftshader" in name.lower():
        why = f"the browser's WebGPU is software on the processor: {one_line(name)}"
        return Loaded(used="cpu", why=why)
    return Loaded(used="gpu")


def what_computes(tab: Tab) -> Loaded:
    """Return what computes the shaders of the model that a page of `page` has loaded.

    Raises:
        ModelLoadError: The browser has ended.
    """
    try:
        return told_by_adapter(tab.value("adapter()"))
    except BrowserError as error:
        raise ModelLoadError(one_line(str(error))) from None


class BrowserSession:
    """A loaded model.

    LiteRT.js tells no scales and zero points, so an interpreter that is never allocated describes
    the file's ends.

    Args:
        tab: Its files are those of `page`.
        model: The file.
        accelerator: `wasm` or `webgpu`.

    Raises:
        ModelLoadError: LiteRT refuses the file, or it is no image classifier.
    """

    def __init__(self, tab: Tab, model: Path, accelerator: str) -> None:
        from ai_edge_litert.interpreter import Interpreter

        ends = describe(Interpreter, model)
        self.input, self.output = ends.input, ends.output
        for end in (self.input, self.output):
            if end.dtype == "int16":
                raise ModelLoadError(f"{end.name} is int16, which LiteRT.js takes no arrays of")
        self._tab = tab
        self._ask = partial(_asked, tab)
        self._given, self._raw = "", b""
        tab.open(f"{ORIGIN}/")
        self._ask(f"load('{accelerator}')")

    def feed(self, values: Values) -> None:
        """Set the input: `[1, height, width, 3]` of the input's type."""
        self._given = base64.b64encode(values.tobytes()).decode("ascii")

    def run(self) -> None:
        """Run the model once on what was fed."""
        self._raw = base64.b64decode(self._ask(f"run('{self._given}', '{self.input.dtype}')"))

    def read(self) -> Values:
        """Return the raw output `[tags]` of the output's type."""
        return np.frombuffer(self._raw, dtype=self.output.dtype)

    def signature(self, name: str) -> Signature:
        """Refuse: scores alone are computed in a browser."""
        raise ModelLoadError(f"the signature {name} is not run in a browser")


def _asked(tab: Tab, script: str) -> str:
    try:
        return str(tab.value(script))
    except BrowserError as error:
        raise ModelLoadError(one_line(str(error))) from None
