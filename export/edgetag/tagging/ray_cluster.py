"""A cluster of Ray: that which RAY_ADDRESS names, or one on this machine for as long as it is used.

What Ray prints stays away from results, and nothing is told to its makers.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

from edgetag.errors import InputError, MissingExtraError, one_line
from edgetag.machine import cores
from edgetag.native_output import quiet_stderr
from edgetag.scratch import scratch_folder

STARTS = 5
SLOW = "timed out during startup"
"""What Ray says where it has not started within 30 seconds, which nobody can prolong: on a busy
machine it is started again, so often in all."""

STORE_BYTES = 500_000_000
"""Shared memory of a cluster on this machine, which holds the model and what waits."""


def require_ray() -> Any:
    """Return the module.

    Raises:
        MissingExtraError: It, or what it computes with, is not installed.
        InputError: It cannot be used here.
    """
    # Both are read when Ray is imported. Ray Data makes every worker such that Ray calls it an
    # error, and says so to users; what fails is told by an exception in any case.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import pyarrow  # noqa: F401
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(error.name), "cluster") from None
    except ImportError as error:
        raise InputError(
            f"Ray, or pyarrow that it takes, is installed here but cannot be used: {error}; "
            "install them anew: pip install 'edgetag[cluster]'"
        ) from None
    return ray


@contextmanager
def open_cluster(workers: int | None) -> Iterator[int]:
    """Connect to the cluster that RAY_ADDRESS names, or start one here for the block.

    Args:
        workers: Processors of one that is started; default: this machine's.

    Yields:
        How many processors it has.

    Raises:
        InputError: It cannot be used.
    """
    ray = require_ray()
    with scratch_folder() as folder:
        here = {
            "num_cpus": workers or cores(),
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            "_temp_dir": str(folder),
        }
        named = os.environ.get("RAY_ADDRESS")
        # Ray tells of lost workers on stdout, where results belong; some of it when it ends.
        with redirect_stdout(sys.stderr):
            try:
                # It says on which level it logs.
                with quiet_stderr(b"["), _interrupt_kept():
                    _begin(ray, {} if named else here, named or "a Ray cluster on this machine")
                yield max(1, int(ray.cluster_resources().get("CPU", 1)))
            finally:
                ray.shutdown()
                _end_what_is_left(folder)


def _begin(ray: Any, options: Mapping[str, object], name: str) -> None:
    for left in reversed(range(STARTS)):
        try:
            ray.init(log_to_driver=False, logging_level="error", **options)
            return
        except Exception as error:  # Ray raises errors of many kinds
            ray.shutdown()
            if SLOW not in str(error) or not left:
                # Ray's own error says that it failed, the last line of the one behind it why.
                behind = str(error.__context__ or "").strip().splitlines()
                reason = one_line(": ".join([str(error), *behind[-1:]]))
                raise InputError(f"{name}: cannot be used: {reason}") from None


@contextmanager
def _interrupt_kept() -> Iterator[None]:
    """Interrupt again after the block where its code has swallowed a Ctrl-C, as Ray's can."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came:
        signal.raise_signal(signal.SIGINT)


def _end_what_is_left(folder: Path) -> None:
    """End processes that write below a folder: Ray leaves some where it is interrupted early."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = [os.readlink(file) for file in (process / "fd").iterdir()]  # noqa: PTH115
            number = int(process.name)
            if number != os.getpid() and any(file.startswith(f"{folder}/") for file in files):
                os.kill(number, signal.SIGKILL)
        except OSError:
            continue  # it has just ended, or is another user's
