"""Pictures in archives, read by their place in them: nothing is unpacked, whatever names say."""

import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any, ClassVar, Generic, Self, TypeVar

from edgetag.errors import InputError, one_line
from edgetag.preprocess import Rejection
from edgetag.tagging.errors import PictureError
from edgetag.tagging.pictures import MOST_BYTES
from edgetag.userfiles import KINDS

MOST_RATIO = 1000
"""What claims to be so many times larger than it is stored is refused as a bomb: a member of a zip
file, or a whole tar file."""

MOST_MEMBERS = 10_000_000

ARCHIVES = (".zip", ".cbz", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


MOST_HEADER_BYTES = 1_000_000
"""Most bytes of what a tar file says of one member: tarfile reads it before it can be asked."""

HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)

Member = tuple[str, int, int, Callable[[], bytes], int]
"""`archive/member`, its size in bytes, when the archive was changed (ns), what reads it, and which
of the archive's members it is: two may have one name."""

Opened = TypeVar("Opened", zipfile.ZipFile, tarfile.TarFile)


def members(path: Path) -> list[Member]:
    """List the files in an archive as they are packed; hidden ones are left out, as in folders.

    Raises:
        InputError: It is damaged, no file, or has too many members.
    """
    _require_regular(path)
    listed = _zip_members if path.name.lower().endswith((".zip", ".cbz")) else _tar_members
    try:
        modified = path.stat().st_mtime_ns
        return [
            (f"{path}/{name}", size, modified, read, number)
            for number, (name, size, read) in enumerate(listed(path))
            if not _is_hidden(name)
        ]
    except InputError:
        raise
    except Exception as error:  # a damaged archive raises nearly anything
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from None
        raise InputError(
            f"{path}: not a whole archive: {one_line(str(error))}; make it again"
        ) from None


def _require_regular(path: Path) -> None:
    mode = path.stat().st_mode
    for is_kind, kind in KINDS:
        if is_kind(mode):
            raise InputError(f"{path}: {kind}, not a file; an archive is a file")


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in name.split("/"))


class _Archive(Generic[Opened]):
    """An archive that stays open while its members are read, until those of another one are.

    Thousands may be named, and a process may not have so many files open. One thread reads at a
    time, since what reads a tar file has one place in it.
    """

    _lock: ClassVar = threading.Lock()
    _last: ClassVar["_Archive[Any] | None"] = None

    def __init__(self, open_file: Callable[[], Opened]) -> None:
        self._open_file: Callable[[], Opened] = open_file
        self._file: Opened | None = None

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with _Archive._lock:
            if self._file is None:
                last, _Archive._last = _Archive._last, None
                if last is not None and last._file is not None:
                    last._file.close()
                    last._file = None
                self._file = self._open_file()
                _Archive._last = self
            yield self._file


def _zip_members(path: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    archive = _Archive(partial(zipfile.ZipFile, path))
    with zipfile.ZipFile(path) as listing:
        entries = listing.infolist()
    _require_few(len(entries), path)
    for entry in entries:
        if not entry.is_dir():
            yield entry.filename, entry.file_size, _zip_reader(archive, entry)


def _zip_reader(archive: _Archive[zipfile.ZipFile], entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        _require_honest(entry.file_size, entry.compress_size)
        try:
            with archive.opened() as opened, opened.open(entry) as file:
                return _limited(file.read(MOST_BYTES + 1))
        except Exception as error:  # a damaged or encrypted member raises nearly anything
            raise _damaged(error) from None

    return read


class _Header(tarfile.TarInfo):
    """A member's header. What is none in the middle of a file would be taken for its end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf.strip(b"\0"):
                raise tarfile.ReadError(f"a member's header is damaged: {error}") from None
            raise
        if header.type in HEADERS and header.size > MOST_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {header.size} bytes")
        return header


def _tar_members(path: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    archive = _Archive(partial(tarfile.open, path))
    listed, files = list[tarfile.TarInfo](), dict[str, tarfile.TarInfo]()
    claimed, most = 0, MOST_RATIO * path.stat().st_size
    with tarfile.open(path, tarinfo=_Header) as listing:
        for number, member in enumerate(listing):
            _require_few(number + 1, path)
            claimed += member.size
            # Going on to the next member would unpack this one.
            if claimed > most:
                raise InputError(
                    f"{path}: it claims over {claimed} bytes, stored in {path.stat().st_size}; "
                    "this is refused"
                )
            # A file of several names is packed once; the others are hard links to the first.
            file = files.get(normpath(member.linkname)) if member.islnk() else member
            if file is not None and file.isfile():
                files[normpath(member.name)] = file
            if member.isfile() or member.islnk() or member.issym():
                listed.append(member)
    for member in listed:
        name = member.name
        if member.issym():
            name = join(dirname(name), member.linkname)
        file = files.get(normpath(name)) if not member.isfile() else member
        size = file.size if file is not None else -1
        yield member.name, size, _tar_reader(archive, file)


def _tar_reader(
    archive: _Archive[tarfile.TarFile], member: tarfile.TarInfo | None
) -> Callable[[], bytes]:
    def read() -> bytes:
        if member is None:
            detail = "a link that leads to no file in the archive"
            raise PictureError(Rejection.OUTSIDE_ROOT, detail)
        try:
            with archive.opened() as opened:
                file = opened.extractfile(member)
                return _limited(file.read(MOST_BYTES + 1) if file else b"")
        except Exception as error:
            raise _damaged(error) from None

    return read


def _damaged(error: Exception) -> PictureError:
    if isinstance(error, PictureError):
        return error
    return PictureError(Rejection.UNREADABLE, f"damaged in the archive: {error}")


def _require_honest(size: int, stored: int) -> None:
    if size > MOST_BYTES or size > MOST_RATIO * max(1, stored):
        raise PictureError(Rejection.TOO_LARGE, f"it claims {size} bytes, stored in {stored}")


def _limited(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise PictureError(Rejection.TOO_LARGE, f"over {MOST_BYTES} bytes")
    return data


def _require_few(count: int, path: Path) -> None:
    if count > MOST_MEMBERS:
        raise InputError(f"{path}: over {MOST_MEMBERS} members; this is refused")
