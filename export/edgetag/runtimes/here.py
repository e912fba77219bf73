"""What engines of this machine have in common: their worker is this Python, which loads files."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from edgetag.children import Launch, on_host
from edgetag.installed import installed_version
from edgetag.runtimes.protocol import SILENCE_LIMIT_S

if TYPE_CHECKING:
    from edgetag.runtimes.session import Session


ONE_THREAD_OF_NUMPY = {"OPENBLAS_NUM_THREADS": "1"}
"""For workers, which multiply no large matrices: importing NumPy starts a thread a processor, and
these wait busily beside the runtime's own. Two of them cost 0.1 s of a core at each start."""


class EngineHere(ABC):
    """An engine of this machine, an `Engine` and a `Loader`; making one imports nothing of it.

    `package` is the distribution that it comes in.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    silence_limit_s = SILENCE_LIMIT_S

    @property
    def inner(self) -> str:
        """Its own name."""
        return self.name

    def launch(self, module: str, *arguments: str) -> Launch:
        """Start a worker on this machine."""
        worker = on_host(module, *arguments)
        return Launch(worker.command, worker.environment | ONE_THREAD_OF_NUMPY)

    def version(self) -> str:
        """Return the installed version."""
        from importlib.metadata import version  # late: a worker asks for none, and it costs 40 ms

        return version(self.package)

    def available(self) -> str | None:
        """Return None, or why it cannot be used here."""
        if not is_installed(self.package):
            return f"{self.package} is not installed; install it with: pip install {self.package}"
        return None

    @abstractmethod
    def load(self, model: Path | bytes, threads: int) -> "Session":
        """Load a file; see `protocol.Loader.load`."""


def is_installed(package: str) -> bool:
    """Tell whether a distribution is there."""
    return installed_version(package) is not None
