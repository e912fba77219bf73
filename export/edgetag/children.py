"""Python processes that find this very edgetag from any folder, and nothing else there.

A folder of pictures may hold a `statistics.py` or a `json.py`. Python puts the current folder first
on the path of what is started with `-c` or `-m`; every process of edgetag is started without it.
`begin_job` is what a process that `process.run_job` has started does first.
"""

import os
import resource
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edgetag.messages import Message, from_line, to_line
from edgetag.programs import run_program

Emit = Callable[[Message], None]
"""Tells the process that gave the job one event."""

Job = TypeVar("Job", bound=Message)

SOURCE_ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the package: `export/` of a checkout, or site-packages."""

PR_SET_PDEATHSIG = 1
"""Number of the request in `linux/prctl.h`."""


def python(*arguments: str) -> list[str]:
    """Return the command that starts this Python without the current folder on its path."""
    return [sys.executable, "-P", *arguments]


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of edgetag."""
    return python("-m", module, *arguments)


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
    """How a process is started."""

    command: list[str]
    environment: dict[str, str]


def on_host(module: str, *arguments: str) -> Launch:
    """Start a module of edgetag under this Python, on this machine."""
    return Launch(python_command(module, *arguments), python_environment())


def end_with_parent() -> None:
    """Have the kernel end this process when the thread that started it ends.

    A killed parent cannot end its children, and one that works on takes time and memory from
    whatever is started next.
    """
    try:
        from ctypes import CDLL
    except ImportError:  # a minimal Python; it ends as soon as it writes to the broken pipe
        return
    if sys.platform == "linux":
        CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


RUN_PROGRAM = """
import os, sys
from edgetag.children import end_with_parent
end_with_parent()
os.execvp(sys.argv[1], sys.argv[1:])
"""


def run_long_program(
    command: Sequence[str], timeout_s: float, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run another program as `run_program` does; it ends with this process, however that ends.

    Raises:
        TimeoutExpired: It has been ended after that many seconds.
    """
    through = python("-c", RUN_PROGRAM, *command)
    return run_program(through, timeout_s, folder, python_environment())


def begin_job(kind: type[Job]) -> tuple[Job, Emit]:
    """Return this process's job, whose file the first argument names, and what tells events.

    It ends with its parent, leaves no core file behind, and keeps stdout for events alone: whatever
    native code prints there goes to stderr.
    """
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = from_line(kind, Path(sys.argv[1]).read_text(encoding="utf-8"))
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def emit(event: Message) -> None:
        try:
            events.write(to_line(event) + "\n")
            events.flush()
        except BrokenPipeError:  # the parent is gone, and with it the need for what is done here
            os._exit(1)

    return job, emit
