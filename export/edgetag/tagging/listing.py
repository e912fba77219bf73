"""Finds the pictures that a command names: files, folders, globs, archives, lists of paths.

Nothing is unpacked and nothing is read outside what was named: a folder's links that lead out of
it are refused, and an archive's members are read by their place in it, whatever they are called.
"""

import glob
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES, Rejection
from edgetag.tagging.errors import PictureError
from edgetag.tagging.pictures import MOST_BYTES, read_bytes
from edgetag.userfiles import KINDS

MOST_RATIO = 1000
"""A member that claims to be so many times larger than it is stored is refused as a bomb."""

MOST_MEMBERS = 10_000_000

ARCHIVES = (".zip", ".cbz", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Listed:
    """A picture that was named, not read yet.

    Attributes:
        name: Its path as it was given, or found below a folder; `archive/member` in an archive.
        size_bytes: Its size when it was listed; -1 where that is not known.
        modified_ns: When it, or its archive, was changed; -1 where that is not known.
        read: Returns its file, or its bytes in an archive; raises `PictureError`.
    """

    name: str
    size_bytes: int
    modified_ns: int
    read: Callable[[], Path | bytes]


@dataclass(frozen=True)
class Listing:
    """All pictures that were named.

    Attributes:
        pictures: In the order of what was named; within a folder by path, within an archive as it
            is packed.
        passed_over: Files in folders and archives that are no pictures by their names.
    """

    pictures: tuple[Listed, ...]
    passed_over: int


def list_pictures(named: Iterable[str]) -> Listing:
    """List what was named.

    Args:
        named: Files of any name, folders, archives by their suffix, and globs.

    Raises:
        InputError: There is no such file, a folder cannot be read, or an archive is damaged.
    """
    pictures: list[Listed] = []
    passed_over = 0
    for text in named:
        for path in _paths(text):
            if path.is_dir():
                listed, others = _in_folder(path)
            elif path.name.lower().endswith(ARCHIVES):
                listed, others = _in_archive(path)
            else:
                listed, others = [_file(path)], 0
            pictures += listed
            passed_over += others
    return Listing(tuple(pictures), passed_over)


Content = Path | bytes | PictureError
"""What reading a picture's place gave: its file, its bytes in an archive, or why it has none."""


def contents(pictures: Iterable[Listed]) -> Iterator[tuple[Listed, Content]]:
    """Yield each picture's content; archives are read here, by one thread, files are not yet."""
    for picture in pictures:
        try:
            yield picture, picture.read()
        except PictureError as error:
            yield picture, error


def bytes_of(content: Content) -> bytes:
    """Return a picture's bytes.

    Raises:
        PictureError: There are none.
    """
    if isinstance(content, PictureError):
        raise content
    return content if isinstance(content, bytes) else read_bytes(content)


def shown_name(name: str) -> str:
    """Return a name that is valid Unicode: bytes that are none are written in hex."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _paths(text: str) -> list[Path]:
    path = Path(text)
    if os.path.lexists(path):
        return [path]
    # Not Path.glob, which wants to know where the pattern begins.
    matching = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207
    if not matching:
        raise InputError(f"{shown_name(text)}: there is no such file, folder or archive")
    return [Path(match) for match in matching]


def _file(path: Path) -> Listed:
    try:
        state = path.stat()
    except OSError as error:
        return Listed(os.fspath(path), -1, -1, _refusing(f"{error.strerror}"))
    return Listed(os.fspath(path), state.st_size, state.st_mtime_ns, lambda: path)


def _refusing(detail: str, reason: Rejection = Rejection.UNREADABLE) -> Callable[[], Path | bytes]:
    def read() -> Path | bytes:
        raise PictureError(reason, detail)

    return read


def _in_folder(folder: Path) -> tuple[list[Listed], int]:
    """List pictures by their names; hidden files and folders are not looked at."""
    root = os.path.realpath(folder)
    files = []
    for place, folders, names in os.walk(folder, onerror=_cannot_list):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(place) / name for name in names if not name.startswith(".")]
    pictures = sorted(file for file in files if file.suffix.lower() in IMAGE_SUFFIXES)
    return [_within(file, root) for file in pictures], len(files) - len(pictures)


def _within(file: Path, root: str) -> Listed:
    if file.is_symlink() and not os.path.realpath(file).startswith(root.rstrip("/") + "/"):
        detail = "a link that leads out of the folder that was named"
        return Listed(os.fspath(file), -1, -1, _refusing(detail, Rejection.OUTSIDE_ROOT))
    return _file(file)


def _cannot_list(error: OSError) -> None:
    name = shown_name(os.fsdecode(error.filename))
    raise InputError(f"{name}: cannot be read: {error.strerror}; allow reading it")


def _in_archive(path: Path) -> tuple[list[Listed], int]:
    _require_regular(path)
    members = _zip_members if path.name.lower().endswith((".zip", ".cbz")) else _tar_members
    try:
        packed = list(members(path))
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, tarfile.TarError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: not a whole archive: {detail}; make it again") from None
    pictures = [member for member in packed if Path(member.name).suffix.lower() in IMAGE_SUFFIXES]
    return pictures, len(packed) - len(pictures)


def _require_regular(path: Path) -> None:
    mode = path.stat().st_mode
    for is_kind, kind in KINDS:
        if is_kind(mode):
            raise InputError(f"{path}: {kind}, not a file; an archive is a file")


def _zip_members(path: Path) -> Iterator[Listed]:
    archive = zipfile.ZipFile(path)
    modified = path.stat().st_mtime_ns
    entries = archive.infolist()
    _require_few(len(entries), path)
    for entry in entries:
        if not entry.is_dir():
            name = f"{path}/{entry.filename}"
            yield Listed(name, entry.file_size, modified, _zip_reader(archive, entry))


def _zip_reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        _require_honest(entry.file_size, entry.compress_size)
        try:
            with archive.open(entry) as file:
                return _limited(file.read(MOST_BYTES + 1))
        except Exception as error:  # a damaged or encrypted member raises nearly anything
            raise _damaged(error) from None

    return read


def _tar_members(path: Path) -> Iterator[Listed]:
    archive = tarfile.open(path)  # noqa: SIM115 - members are read while the command runs
    modified = path.stat().st_mtime_ns
    for number, member in enumerate(archive):
        _require_few(number + 1, path)
        if member.isfile():
            yield Listed(
                f"{path}/{member.name}", member.size, modified, _tar_reader(archive, member)
            )


def _tar_reader(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            file = archive.extractfile(member)
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
