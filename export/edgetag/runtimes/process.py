"""Starting a Python process that finds this very edgetag from any folder."""

import os
import signal
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

SOURCE_ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the package: `export/` of a checkout, or site-packages."""


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of edgetag.

    `-P` keeps the current folder off the path: a user's `json.py` must not be imported.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def python_environment() -> dict[str, str]:
    """Return this process's environment, with a checkout's source root on the path."""
    environment = dict(os.environ)
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    if SOURCE_ROOT not in installed:
        rest = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(SOURCE_ROOT), *([rest] if rest else [])])
    return environment


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
