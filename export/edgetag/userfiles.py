"""Reading files that a user names: files, of a size that makes sense, and nothing else.

A named pipe would be waited for and `/dev/zero` read for ever, so nothing is opened before the
system has said what it is.
"""

import stat
from enum import StrEnum
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


class Content(StrEnum):
    """What a file's first bytes say it is, in words."""

    TFLITE = "a TensorFlow Lite file"
    ARRAYS = "a file of NumPy arrays"
    ZIP = "a zip file"
    PICTURE = "a picture"
    PARQUET = "a Parquet table"
    JSON = "a JSON file"
    EMPTY = "an empty file"


_MARKS = (
    (4, b"TFL3", Content.TFLITE),
    (0, b"PK\x03\x04", Content.ZIP),
    (0, b"PK\x05\x06", Content.ZIP),  # one that is empty
    (0, b"PAR1", Content.PARQUET),
    (0, b"\xff\xd8\xff", Content.PICTURE),
    (0, b"\x89PNG\r\n", Content.PICTURE),
    (0, b"GIF87a", Content.PICTURE),
    (0, b"GIF89a", Content.PICTURE),
    (0, b"RIFF", Content.PICTURE),
)
"""Place and bytes of the marks by which files are known."""

_START_BYTES = 300

_ZIP_NAME = 30
"""Where the name of a zip's first member begins."""


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


def require_text(path: Path) -> None:
    """Refuse a path that JSON and Parquet cannot hold, which would end the work half done.

    Raises:
        InputError: It, or a folder above, has a name that is not UTF-8.
    """
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{path}: the name of a file or a folder there is not UTF-8; rename it"
        ) from None


def content_of_file(path: Path) -> Content | None:
    """Return what a file that a user names is by its first bytes; None where that is not known.

    Raises:
        OSError: It is not there, or may not be read.
    """
    if kind_of(path.stat().st_mode):
        return None
    with path.open("rb") as file:
        return content_of(file.read(_START_BYTES))


def content_of(data: bytes) -> Content | None:
    """Return what data are by their first bytes; None where that is not known."""
    start = data[:_START_BYTES]
    if not start:
        return Content.EMPTY
    for place, mark, content in _MARKS:
        if start[place:].startswith(mark):
            is_arrays = content is Content.ZIP and b".npy" in start[_ZIP_NAME:]
            return Content.ARRAYS if is_arrays else content
    return Content.JSON if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else None


def otherwise(data: bytes) -> str:
    """Return the end of a message on data that are not what is wanted: what else they are."""
    content = content_of(data)
    return f"; it is {content}" if content else ""


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
        article = "an" if what[0] in "aeiouA" else "a"
        raise InputError(f"{path}: {kind}, not a file; {article} {what} is a file")
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
