"""tflite-runtime, the runtime of apps that have not moved to LiteRT."""

import sys
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgetag.process import Launch, on_host
from edgetag.runtimes.interpreter import open_session
from edgetag.runtimes.protocol import SILENCE_LIMIT_S, Session

PACKAGE = "tflite-runtime"
FIRST_PYTHON_WITHOUT_WHEEL = (3, 12)


class TFLiteRuntime:
    """The engine `tflite-runtime`."""

    name = "tflite-runtime"
    inner = name
    silence_limit_s = SILENCE_LIMIT_S

    def launch(self, module: str, *arguments: str) -> Launch:
        """Start a worker on this machine."""
        return on_host(module, *arguments)

    def version(self) -> str:
        """Return the installed version."""
        return version(PACKAGE)

    def available(self) -> str | None:
        """Return None, or why it cannot be used here."""
        return why_not(sys.version_info[:2], _installed(PACKAGE), version("numpy"))

    def load(self, path: Path, threads: int) -> Session:
        """Load a file; see `protocol.Engine.load`."""
        from tflite_runtime.interpreter import Interpreter

        return open_session(Interpreter, path, threads)


class TFLiteReference(TFLiteRuntime):
    """tflite-runtime with its reference kernels, to compare other machines with.

    They are slow and plain, and what tflite-runtime on ARM computes in integers is bit for bit
    what they compute on x86; the default kernels of x86 round otherwise.
    """

    name = "tflite-runtime-reference"
    inner = name

    def load(self, path: Path, threads: int) -> Session:
        """Load a file; see `protocol.Engine.load`."""
        from tflite_runtime.interpreter import Interpreter, OpResolverType

        make = partial(Interpreter, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        return open_session(make, path, threads)


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def why_not(python: tuple[int, ...], installed: bool, numpy: str) -> str | None:
    """Return None, or why tflite-runtime cannot be used.

    Args:
        python: Major and minor version.
        installed: Whether the package is there.
        numpy: Version of numpy.
    """
    if not installed and python >= FIRST_PYTHON_WITHOUT_WHEEL:
        return "no wheel for Python 3.12+; use Python 3.11 to include it"
    if not installed:
        return f"{PACKAGE} is not installed; install it with: pip install 'edgetag[{PACKAGE}]'"
    if int(numpy.split(".")[0]) >= 2:
        return f"it breaks with numpy {numpy}; install it with: pip install 'edgetag[{PACKAGE}]'"
    return None
