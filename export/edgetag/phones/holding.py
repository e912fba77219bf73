"""Holding a phone, so that two commands never measure on it at once, which slows both."""

import contextlib
import fcntl
from collections.abc import Iterator

from edgetag.phones.listing import Listed
from edgetag.phones.problems import PhoneError, Problem
from edgetag.user_cache import user_cache
from edgetag.writing import disk_error


@contextlib.contextmanager
def alone_on(listed: Listed) -> Iterator[None]:
    """Hold a phone for this process.

    Raises:
        PhoneError: Another edgetag of this user holds it, whatever its run folder.
        InputError: The user's cache folder cannot be written.
    """
    folder = user_cache() / "phones"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / f"{listed.id}.lock").open("w")
    except OSError as error:
        raise disk_error(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PhoneError(
                Problem.UNUSABLE, "another edgetag command is at work on it; wait for it"
            ) from None
        yield
