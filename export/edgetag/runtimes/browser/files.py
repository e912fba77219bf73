"""What the page that scores consists of."""

from collections.abc import Callable
from pathlib import Path

from edgetag.runtimes.browser.devtools import Files

HERE = Path(__file__).parent
SCRIPTS = (
    HERE / "litert.mjs",
    HERE.parent / "wasm" / "encoding.mjs",
    HERE.parent / "wasm" / "errors.mjs",
)
"""Modules for any page that runs models."""

CORE = "@litertjs/core"
MODULES = {name: f"{name}/dist/index.js" for name in (CORE, "@litertjs/wasm-utils")}
"""What LiteRT.js is imported by → its file below `node_modules`."""

PROGRAMS = tuple(
    f"{CORE}/wasm/{build}.{end}"
    for build in ("litert_wasm_internal", "litert_wasm_compat_internal")
    for end in ("js", "wasm")
)
"""What LiteRT.js loads: the first two where the browser has relaxed SIMD, as current ones have."""

SCRIPT, WASM, PAGE = "text/javascript", "application/wasm", "text/html"


def page(modules: Path, model: Path) -> Files:
    """Return the files of the page that scores.

    Args:
        modules: The folder `node_modules`.
        model: The `.tflite` file.
    """
    imports = ", ".join(f'"{name}": "/{file}"' for name, file in MODULES.items())
    html = (
        f'<!doctype html><script type="importmap">{{"imports": {{{imports}}}}}</script>'
        '<script type="module" src="/score.mjs"></script>'
    )
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "/": (PAGE, html.encode),
        "/model.tflite": ("application/octet-stream", model.read_bytes),
    }
    for script in (HERE / "score.mjs", *SCRIPTS):
        files[f"/{script.name}"] = (SCRIPT, script.read_bytes)
    for name in (*MODULES.values(), *PROGRAMS):
        kind = WASM if name.endswith(".wasm") else SCRIPT
        files[f"/{name}"] = (kind, (modules / name).read_bytes)
    return files
