"""The engine `wasm`: where its parts lie, and how its scoring process is started."""

import os
from pathlib import Path

from edgetag.children import Launch
from edgetag.errors import InputError
from edgetag.runtimes.node import find_node, node_version, why_no_node
from edgetag.runtimes.npm import MODULES, NpmEngine, NpmPackage

HERE = Path(__file__).parent
WORKER = HERE / "worker.mjs"
BUILD = "@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd"


class Wasm(NpmEngine):
    """The engine `wasm`."""

    name = "wasm"
    title = "TensorFlow Lite as WebAssembly"
    package = NpmPackage("wasm", "@tensorflow/tfjs-tflite", HERE, (f"{BUILD}.js", f"{BUILD}.wasm"))
    """The scoring process loads these two; see `session.mjs`."""

    def why_no_program(self) -> str | None:
        """Return None, or why there is no Node that runs it."""
        return why_no_node(find_node())

    def program(self) -> str:
        """Return Node with its version."""
        version = node_version(find_node() or "node")
        return f"Node.js {'.'.join(map(str, version))}" if version else "Node.js"

    def launch_scoring(self, folder: Path, *arguments: str) -> Launch:
        """Start the scoring process under Node."""
        node = find_node()
        if node is None:
            raise InputError(f"{self.name}: {self.why_no_program()}")
        command = [node, "--no-warnings", str(WORKER), str(folder / MODULES), *arguments]
        return Launch(command, dict(os.environ))
