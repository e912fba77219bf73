"""LiteRT, Google's current runtime, by the package ai-edge-litert."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgetag.process import Launch, on_host
from edgetag.runtimes.interpreter import open_session
from edgetag.runtimes.protocol import SILENCE_LIMIT_S, Session

PACKAGE = "ai-edge-litert"


class LiteRT:
    """The engine `litert`."""

    name = "litert"
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
        try:
            version(PACKAGE)
        except PackageNotFoundError:
            return f"{PACKAGE} is not installed; install it with: pip install {PACKAGE}"
        return None

    def load(self, path: Path, threads: int) -> Session:
        """Load a file; see `protocol.Engine.load`."""
        from ai_edge_litert.interpreter import Interpreter

        return open_session(Interpreter, path, threads)
