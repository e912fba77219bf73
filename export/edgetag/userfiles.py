"""Reading files that a user names: files, of a size that makes sense, and nothing else.

A named pipe would be waited for and `/dev/zero` read for ever, so nothing is opened before the
system has said what it is.
"""

import stat
from pathlib import Path

from edgetag.errors import InputError

KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_BLOCK_BYTES = 1 << 20


def kind_of(mode: int) -> str:
    """Return what a path's mode says it is, in words; empty for a regular file."""
    return next((kind for is_kind, kind in KINDS if is_kind(mode)), "")


def exists(path: Path) -> bool:
    """Tell whether there is what a user names.

    Raises:
        InputError: That cannot be known: a folder above may not be searched, or the name is longer
            than any file's.
    """
    try:
        return path.exists()
    except OSError as error:
        raise InputError(f"{path}: cannot be looked at: {error.strerror}") from None


def require_file(path: Path, what: str, most_bytes: int) -> None:
    """Refuse what cannot be the file that a user means.

    Args:
        path: As the user names it.
        what: What it is to be, such as "recipe".
        most_bytes: Its largest size.

    Raises:
        InputError: It is no regular file, or larger.
        OSError: It is not there, or may not be looked at.
    """
    state = path.stat()
    if kind := kind_of(state.st_mode):
        raise InputError(f"{path}: {kind}, not a file; a {what} is a file")
    if state.st_size > most_bytes:
        raise InputError(f"{path}: over {most_bytes} bytes; this is no {what}")


def read_file(path: Path, what: str, most_bytes: int) -> bytes:
    """Return the bytes of a file that a user names; see `require_file`.

    Raises:
        InputError: It is no regular file, or larger.
        OSError: It is not there, or may not be read.
    """
    require_file(path, what, most_bytes)
    with path.open("rb") as file:
        data = file.read(path.stat().st_size + 1)
        # It grows, or is one of the system's, which say they are empty.
        while len(data) <= most_bytes and (more := file.read(_BLOCK_BYTES)):
            data += more
    if len(data) > most_bytes:
        raise InputError(f"{path}: over {most_bytes} bytes; this is no {what}")
    return data
