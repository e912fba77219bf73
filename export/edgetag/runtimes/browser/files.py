"""What the page that scores consists of."""

from collections.abc import Callable
from pathlib import Path

from edgetag.runtimes.browser.devtools import Files

HERE = Path(__file__).parent
CORE, UTILS = "@litertjs/core", "@litertjs/wasm-utils"
MODULES = (f"{CORE}/dist/index.js", f"{UTILS}/dist/index.js")
BUILDS = ("litert_wasm_internal", "litert_wasm_compat_internal")
"""LiteRT takes the first where the browser has relaxed SIMD, as all current ones have."""

PROGRAMS = tuple(f"{CORE}/wasm/{build}.{end}" for build in BUILDS for end in ("js", "wasm"))

SCRIPT, WASM, PAGE = "text/javascript", "application/wasm", "text/html"
IMPORTS = f'{{"imports": {{"{CORE}": "/{MODULES[0]}", "{UTILS}": "/{MODULES[1]}"}}}}'
HTML = (
    f'<!doctype html><script type="importmap">{IMPORTS}</script>'
    '<script type="module" src="/score.mjs"></script>'
)


def page(modules: Path, model: Path) -> Files:
    """Return the files of the page that scores.

    Args:
        modules: The folder `node_modules`.
        model: The `.tflite` file.
    """
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "/": (PAGE, HTML.encode),
        "/model.tflite": ("application/octet-stream", model.read_bytes),
    }
    for name in ("score.mjs", "litert.mjs"):
        files[f"/{name}"] = (SCRIPT, (HERE / name).read_bytes)
    for name in MODULES:
        files[f"/{name}"] = (SCRIPT, (modules / name).read_bytes)
    for name in PROGRAMS:
        kind = WASM if name.endswith(".wasm") else SCRIPT
        files[f"/wasm/{Path(name).name}"] = (kind, (modules / name).read_bytes)
    return files
