"""Locks that one process holds at a time; they end with it, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgetag.writing import disk_error


@contextmanager
def held(path: Path, busy: Exception) -> Iterator[None]:
    """Hold a lock without waiting for it.

    Args:
        path: Its file, made with its folder where it is missing, and left there.
        busy: Raised where another process holds it.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise disk_error(path.parent, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy from error
        yield
