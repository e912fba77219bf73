"""The engine `wasm`: where its parts lie, and how its scoring process is started."""

import os
from pathlib import Path

from edgetag.errors import InputError
from edgetag.process import Launch
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.runtimes.protocol import SILENCE_LIMIT_S
from edgetag.runtimes.wasm.install import installed, pinned_version
from edgetag.runtimes.wasm.tools import SET_UP, find_node, why_no_node

WORKER = Path(__file__).with_name("worker.mjs")


class Wasm:
    """The engine `wasm`.

    Args:
        cache_folder: Where `setup_wasm` has put the package; None for the default.
    """

    name = "wasm"
    inner = name
    silence_limit_s = SILENCE_LIMIT_S

    def __init__(self, cache_folder: Path | None = None) -> None:
        self._cache_folder = cache_folder

    def launch(self, module: str, *arguments: str) -> Launch:
        """Start the scoring process under Node.

        Raises:
            InputError: Another process than that is asked for, or the engine is not set up.
        """
        from edgetag.runtimes.scoring import WORKER as SCORING

        if module != SCORING:
            raise InputError(
                f"the runtime {self.name} only scores images; {module.split('.')[-1]} needs a "
                "runtime of this machine, such as litert"
            )
        node, folder = find_node(), installed(self._folder())
        if node is None or folder is None:
            raise InputError(f"{self.name}: {self.available()}")
        command = [node, "--no-warnings", str(WORKER), str(folder), *arguments]
        return Launch(command, dict(os.environ))

    def version(self) -> str:
        """Return the version of the npm package, which is pinned."""
        return pinned_version()

    def available(self) -> str | None:
        """Return None, or why it cannot be used here and what to do."""
        missing = why_no_node(find_node())
        if missing is not None:
            return missing
        if installed(self._folder()) is None:
            return f"it is not set up, or damaged; {SET_UP}"
        return None

    def _folder(self) -> Path:
        return self._cache_folder or default_cache()
