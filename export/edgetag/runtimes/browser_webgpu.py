"""LiteRT.js in headless Chromium by WebGPU; see `browser`."""

from edgetag.runtimes.browser import BrowserWebGpu

ENGINE = BrowserWebGpu()
