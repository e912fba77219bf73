"""What an engine that runs `.tflite` files must offer; one file per engine implements it.

An engine says how its worker process is started; a loader is what loads a file in that process.

    session = engines.loader("litert").load(path, threads=1)
    table = encoding_table(contract, session.input)
    scores = decode(run_once(session, encode(pixels, table)), session.output)

A benchmark times `Session.run` alone, between `feed` and `read`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgetag.children import Launch

if TYPE_CHECKING:
    from edgetag.runtimes.session import Session

SILENCE_LIMIT_S = 300.0
"""Longest silence of a worker on this machine, in seconds. Workers speak five times a second, so
only a very slow inference, or one that does not end, comes near."""


class ModelLoadError(Exception):
    """An engine cannot load a file, with its reason in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Engine(Protocol):
    """A runtime, here or on a target. Making one imports nothing of the runtime."""

    @property
    def name(self) -> str:
        """As recipes name it."""

    @property
    def inner(self) -> str:
        """What the worker process calls it: its own name, or that of the engine on the target."""

    @property
    def silence_limit_s(self) -> float:
        """Longest silence of a worker, in seconds, until it counts as hung."""

    def launch(self, module: str, *arguments: str) -> Launch:
        """Return how a worker process is started where the runtime lives; see `messages`."""

    def version(self) -> str:
        """Return the installed version; call only where `available()` is None."""

    def available(self) -> str | None:
        """Return None, or one line saying why this machine lacks the runtime."""


class Loader(Protocol):
    """A runtime that loads files into this very process. Making one imports nothing of it."""

    @property
    def name(self) -> str:
        """As recipes name it."""

    def load(self, model: Path | bytes, threads: int) -> "Session":
        """Load a file, or the bytes of one, and allocate its tensors.

        A damaged file may crash the process: call it in one that can be lost.

        Raises:
            ModelLoadError: The engine refuses the file, or it is no image classifier.
        """
