"""The engines `browser` and `browser-webgpu`: LiteRT.js in headless Chromium."""

from pathlib import Path

from edgetag.children import Launch, on_host
from edgetag.runtimes.browser.devtools import INSTALL, chromium_version, find_chromium
from edgetag.runtimes.browser.files import MODULES, PROGRAMS
from edgetag.runtimes.npm import NpmEngine, NpmPackage

PACKAGE = NpmPackage(
    "browser", "@litertjs/core", Path(__file__).parent, (*MODULES.values(), *PROGRAMS)
)
WORKER = "edgetag.runtimes.browser.worker"

SOFTWARE_GPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
"""WebGPU computed by the processor, the same on every machine."""


class Browser(NpmEngine):
    """The engine `browser`: kernels of the processor, as WebAssembly."""

    name = "browser"
    title = "LiteRT.js in Chromium"
    package = PACKAGE
    accelerator = "wasm"
    options: tuple[str, ...] = ("--disable-gpu",)

    def why_no_program(self) -> str | None:
        """Return None, or that there is no Chromium."""
        return None if find_chromium() else f"there is no Chromium; {INSTALL}"

    def program(self) -> str:
        """Return Chromium with its version."""
        return chromium_version(find_chromium() or "chromium")

    def launch_scoring(self, folder: Path, *arguments: str) -> Launch:
        """Start the process that speaks to Chromium."""
        return on_host(WORKER, str(folder), *arguments)


class BrowserWebGpu(Browser):
    """The engine `browser-webgpu`: shaders, which compute in float32 whatever the file says."""

    name = "browser-webgpu"
    title = "LiteRT.js in Chromium with WebGPU in software"
    accelerator = "webgpu"
    options = SOFTWARE_GPU

    def program(self) -> str:
        """Return Chromium with its version, and what computes."""
        return f"{super().program()}, SwiftShader"
