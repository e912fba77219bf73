"""TensorFlow Lite as WebAssembly in Node, by the npm package @tensorflow/tfjs-tflite.

A third engine beside LiteRT and tflite-runtime, with kernels of its own build and another
instruction set. `ENGINE` is what `engines.get("wasm")` gives, and the `.mjs` files beside it are
the scoring process.
"""

from edgetag.runtimes.wasm.engine import Wasm

__all__ = ["ENGINE", "Wasm"]

ENGINE = Wasm()
