"""Starting Python processes that find this very edgetag from any folder, and nothing else there.

A folder of pictures may hold a `statistics.py` or a `json.py`. Python puts the current folder first
on the path of what is started with `-c` or `-m`; every process of edgetag is started without it.
"""

import os
import signal
import sys
import sysconfig
from pathlib import Path

SOURCE_ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the package: `export/` of a checkout, or site-packages."""

PR_SET_PDEATHSIG = 1
"""From `linux/prctl.h`."""


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
