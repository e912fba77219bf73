"""tflite-runtime, the runtime of apps that have not moved to LiteRT."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edgetag.runtimes.here import EngineHere, is_installed

PACKAGE = "tflite-runtime"
FIRST_PYTHON_WITHOUT_WHEEL = (3, 12)

if TYPE_CHECKING:
    from edgetag.runtimes.session import Session


class TFLiteRuntime(EngineHere):
    """The engine `tflite-runtime`."""

    name = "tflite-runtime"
    package = PACKAGE

    def available(self) -> str | None:
        """Return None, or why it cannot be used here."""
        from importlib.metadata import version  # late, as in `here`

        return why_not(sys.version_info[:2], is_installed(PACKAGE), version("numpy"))

    def load(self, model: Path | bytes, threads: int) -> "Session":
        """Load a file; see `protocol.Loader.load`."""
        from tflite_runtime.interpreter import Interpreter

        from edgetag.runtimes.interpreter import open_session

        return open_session(Interpreter, model, threads)


def why_not(python: tuple[int, ...], installed: bool, numpy: str) -> str | None:
    """Return None, or why tflite-runtime cannot be used."""
    if not installed and python >= FIRST_PYTHON_WITHOUT_WHEEL:
        return "no wheel for Python 3.12+; use Python 3.11 to include it"
    if not installed:
        return f"{PACKAGE} is not installed; install it with: pip install 'edgetag[{PACKAGE}]'"
    if int(numpy.split(".")[0]) >= 2:
        return f"it breaks with numpy {numpy}; install it with: pip install 'edgetag[{PACKAGE}]'"
    return None


ENGINE = TFLiteRuntime()
