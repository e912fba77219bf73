"""LiteRT, Google's current runtime, by the package ai-edge-litert."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgetag.runtimes.here import EngineHere

if TYPE_CHECKING:
    from edgetag.runtimes.session import Session


class LiteRT(EngineHere):
    """The engine `litert`."""

    name = "litert"
    package = "ai-edge-litert"

    def load(self, model: Path | bytes, threads: int) -> "Session":
        """Load a file; see `protocol.Loader.load`."""
        from ai_edge_litert.interpreter import Interpreter

        from edgetag.runtimes.interpreter import open_session

        return open_session(Interpreter, model, threads)


ENGINE = LiteRT()
