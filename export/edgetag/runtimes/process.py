"""How the process of a runtime is started, and how it ended."""

import signal
from dataclasses import dataclass

from edgetag.children import python_command, python_environment


@dataclass(frozen=True)
class Launch:
    """How a process is started.

    Attributes:
        command: Program and arguments.
        environment: All of it.
    """

    command: list[str]
    environment: dict[str, str]


def on_host(module: str, *arguments: str) -> Launch:
    """Start a module of edgetag under this Python, on this machine."""
    return Launch(python_command(module, *arguments), python_environment())


def describe_end(returncode: int) -> str:
    """Say in words how a process ended that should not have."""
    if returncode >= 0:
        return f"it ended with exit code {returncode}"
    name = signal.Signals(-returncode).name
    if name == "SIGKILL":
        return f"it was killed ({name}), which happens when memory runs out"
    return f"it crashed ({name})"
