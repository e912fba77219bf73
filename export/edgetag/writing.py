"""Files that are written whole or not at all.

What a killed command left of one goes when the next command writes into the same folder.
"""

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from edgetag.errors import FULL, EdgetagError, InputError
from edgetag.userfiles import kind_of

_NAME_BYTES = 200
"""Of a file's name in that of its temporary file, which may have 255 in all."""

_UNFINISHED = ".edgetag.tmp"
"""Ends the name of a temporary file. Nobody else names a file so: what bears it and is not held is
removed."""


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` that replaces it when the block ends well.

    Raises:
        InputError: The disk is full, the folder cannot be written, or `path` is there and no file:
            root would put a file in the place of a device such as /dev/stdout.
    """
    try:
        _make_way(path)
        with file_beside(path) as (file, temporary):
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error) from error
    except BaseException as error:
        if os.strerror(errno.ENOSPC) in str(error):  # polars tells it in an error of its own
            raise disk_error(path, OSError(errno.ENOSPC, str(error))) from error
        raise


@contextmanager
def file_beside(path: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Open a temporary file for what is to have the name `path`; the block renames or links it.

    It goes when the block ends, or, after a kill, when the next command writes into the folder.

    Yields:
        The file, and its path.

    Raises:
        OSError: It cannot be made.
    """
    remove_left_over(path.parent)
    handle, temporary = _held_file(path)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, temporary
    finally:
        temporary.unlink(missing_ok=True)


def _held_file(path: Path) -> tuple[int, Path]:
    """Make and hold a file; one that was taken for a left-over before it was held is no use."""
    prefix = f".{os.fsdecode(os.fsencode(path.name)[:_NAME_BYTES])}."
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=_UNFINISHED)
        with suppress(OSError):  # where files cannot be held, none is taken for a left-over
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)


@cache
def remove_left_over(folder: Path) -> None:
    """Remove what killed commands left half-written: once, since a folder may have many files."""
    for left in folder.glob(f".*{_UNFINISHED}"):
        with suppress(OSError), left.open("rb+") as file:  # gone, another user's, or at work
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def require_place(path: Path) -> None:
    """Refuse a place where no file can be written, before the work that makes one.

    Raises:
        InputError: See `atomic_write`.
    """
    try:
        _make_way(path)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise disk_error(path, error) from error


def _make_way(path: Path) -> None:
    """Make the folder of a file, and refuse what is there and no file."""
    if path.exists() and (kind := kind_of(path.stat().st_mode)):
        raise InputError(f"{path}: {kind}, not a file; name a file to write")
    path.parent.mkdir(parents=True, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(path: Path, error: OSError) -> InputError:
    """Return what a user is told of a file that could not be written."""
    if error.errno in FULL:
        return InputError(
            f"{path}: no space left on the disk; free some and run the same command again, "
            "finished work is kept"
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR) and (blocking := _no_folder(path)):
        return InputError(
            f"{path}: cannot be written: {blocking} is a file, not a folder; name another place"
        )
    return InputError(f"{path}: cannot be written: {error.strerror or error}")


def _no_folder(path: Path) -> Path | None:
    """Return what lies where a folder is to be, None where nothing does."""
    return next((above for above in (path, *path.parents) if above.is_file()), None)


def is_full(error: InputError) -> bool:
    """Whether a file could not be written for want of space, which the next one lacks too."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in FULL


def is_of_system(error: EdgetagError) -> bool:
    """Whether the system refused a file or a lock, which says nothing of what was to be made."""
    return isinstance(error.__cause__, OSError)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file atomically."""
    with atomic_write(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file atomically."""
    write_bytes(path, text.encode())
