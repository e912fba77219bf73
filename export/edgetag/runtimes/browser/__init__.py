"""LiteRT.js in headless Chromium, by the npm package @litertjs/core.

What a web page computes with a file: `browser` by WebAssembly, `browser-webgpu` by shaders, in
software so that every machine gives the same scores. `ENGINE` is what `engines.get("browser")`
gives; `worker` is the process that speaks to Chromium, and the `.mjs` files are its page.
"""

from edgetag.runtimes.browser.engine import Browser, BrowserWebGpu
from edgetag.runtimes.browser.files import MODULES, PROGRAMS, SCRIPTS

__all__ = ["ENGINE", "MODULES", "PROGRAMS", "SCRIPTS", "Browser", "BrowserWebGpu"]

ENGINE = Browser()
