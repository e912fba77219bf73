"""Folders for what is needed only now, in the system's place for temporary files.

A killed command cannot remove its folder: the next one does. And that place may be full, which is
a user's to mend.
"""

import atexit
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from edgetag.errors import FULL, TOO_LARGE, InputError

PREFIX = "edgetag-scratch-"
"""So long that nobody else names a folder so: what bears it and is not held is removed."""


@contextmanager
def scratch_folder(place: Path | None = None) -> Iterator[Path]:
    """Make a folder, and remove it when the block ends, or at the next call after a kill.

    Args:
        place: The folder to make it in; default: the system's, which may be small.

    Raises:
        InputError: There is no place for temporary files, it is full, or lets no file be as large.
    """
    try:
        _remove_left_over(place or Path(tempfile.gettempdir()))
        folder, held = _held_folder(place)
        try:
            yield folder
        finally:
            os.close(held)
            # What a process that was just killed still writes there is left for the next call, as
            # is all where this process has given up to write there.
            shutil.rmtree(folder, ignore_errors=True)
    except FileNotFoundError as error:
        if error.filename is not None:
            raise
        raise InputError(f"{error.strerror}; {_REMEDY}") from None  # of `gettempdir`
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise InputError(f"{place or tempfile.gettempdir()}: {TOO_LARGE}") from error
        if error.errno not in FULL:
            raise
        where, remedy = (place.absolute(), _FREE) if place else (tempfile.gettempdir(), _REMEDY)
        raise InputError(f"{where}: no space left for temporary files; {remedy}") from error


@cache
def folder_of_process() -> Path:
    """Return a folder that lasts as long as this process does.

    Raises:
        InputError: See `scratch_folder`.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(scratch_folder())


def _held_folder(place: Path | None) -> tuple[Path, int]:
    """Make and hold a folder; one that was taken for a left-over before it was held is no use."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        try:
            held = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        fcntl.flock(held, fcntl.LOCK_SH)
        if folder.exists():
            return folder, held
        os.close(held)


_FREE = "free some, and run the same command again"
_REMEDY = "free some, or set TMPDIR to a folder on another disk, and run the same command again"


def _remove_left_over(place: Path) -> None:
    """Remove the folders of this user's commands that are no longer there."""
    for folder in place.glob(f"{PREFIX}*"):
        try:
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, no folder, or gone by now
        try:
            if os.fstat(held).st_uid == os.getuid():
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue  # at work
        finally:
            os.close(held)
