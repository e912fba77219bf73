"""TensorFlow Lite as WebAssembly in Node, by the npm package @tensorflow/tfjs-tflite.

A third engine beside LiteRT and tflite-runtime, with kernels of its own build and another
instruction set. `ENGINE` is what `engines.get("wasm")` gives, `install` fetches the package, and
the `.mjs` files beside it are the scoring process.

- `tools`: node and npm on this machine: whether they are there and new enough.
"""

from edgetag.runtimes.wasm.engine import Wasm
from edgetag.runtimes.wasm.install import setup_wasm

__all__ = ["ENGINE", "Wasm", "setup_wasm"]

ENGINE = Wasm()
