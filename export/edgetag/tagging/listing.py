"""Finds the pictures that a command names: files, folders, globs, archives, lists of paths.

Nothing is unpacked and nothing is read outside what was named: a folder's links that lead out of
it are refused, and an archive's members are read by their place in it, whatever they are called.
"""

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import polars as pl

from edgetag.errors import InputError
from edgetag.foreign_parquet import read_foreign_parquet
from edgetag.preprocess import IMAGE_SUFFIXES, Rejection
from edgetag.tables.formats import counted
from edgetag.tables.text import not_looked_into
from edgetag.tagging.archives import ARCHIVES, members
from edgetag.tagging.errors import PictureError
from edgetag.tagging.pictures import read_bytes
from edgetag.tagging.remote import MARK, Address, find


@dataclass(frozen=True)
class Listed:
    """A picture that was named, not read yet.

    Attributes:
        name: Its path as it was given, or found below a folder; `archive/member` in an archive.
        size_bytes: Its size when it was listed; -1 where that is not known.
        modified_ns: When it, or its archive, was changed; -1 where that is not known.
        read: Returns its file or address, or its bytes in an archive; raises `PictureError`.
        place: Which of an archive's members it is; 0 where it is in none.
    """

    name: str
    size_bytes: int
    modified_ns: int
    read: Callable[[], Path | Address | bytes]
    place: int = 0


Stamp = tuple[str, int, int, int]
"""Name, size and time of a picture when it was listed, and its place in an archive."""


def stamp_of(picture: Listed) -> Stamp:
    """Return what a finished picture is recognised by."""
    return picture.name, picture.size_bytes, picture.modified_ns, picture.place


@dataclass(frozen=True)
class Listing:
    """All pictures that were named.

    Attributes:
        pictures: In the order of what was named; within a folder by path, within an archive as it
            is packed.
        passed_over: Files in folders and archives that are no pictures by their names.
        linked_folders: Links to folders in folders, which are not followed.
        places: Files, folders and archives that hold them.
        has_addresses: Whether some lie elsewhere, so that a network reads them.
    """

    pictures: tuple[Listed, ...]
    passed_over: int
    linked_folders: int
    places: tuple[Path, ...]
    has_addresses: bool

    def left_out(self) -> tuple[str, ...]:
        """Return what of the folders and archives is not in `pictures`, one sentence each."""
        others = ""
        if self.passed_over:
            count = counted(self.passed_over, "file")
            others = f"passed over, no pictures by their names: {count}"
        return tuple(filter(None, (not_looked_into(self.linked_folders), others)))


def list_pictures(named: Iterable[str]) -> Listing:
    """List what was named.

    Args:
        named: Files of any name, folders, archives by their suffix, globs, addresses that fsspec
            knows, and Parquet files whose column `path` has more names.

    Raises:
        InputError: There is no such file, a folder cannot be read, or an archive is damaged.
    """
    pictures: list[Listed] = []
    places: list[Path] = []
    passed_over, linked, has_addresses = 0, 0, False
    for text in named:
        if MARK in text:
            listed, others = _at_address(text)
            pictures += listed
            passed_over += others
            has_addresses = True
            continue
        for path in _paths(text):
            places.append(path)
            if path.is_dir():
                listed, others, links = _in_folder(path)
                linked += links
            elif path.name.lower().endswith(ARCHIVES):
                listed, others = _in_archive(path)
            elif path.suffix == ".parquet":
                listed, others = _in_list(path), 0
                # Whatever cannot be looked at has no size, nor has an address.
                places += [Path(each.name) for each in listed if each.size_bytes >= 0]
                has_addresses |= any(MARK in each.name for each in listed)
            else:
                listed, others = [_file(path)], 0
            pictures += listed
            passed_over += others
    return Listing(tuple(pictures), passed_over, linked, tuple(places), has_addresses)


Content = Path | Address | bytes | PictureError
"""What reading a picture's place gave: its file or address, which is not read yet, its bytes in an
archive, or why it has none. It can be sent to another process."""


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
    if isinstance(content, Address):
        return content.read()
    return content if isinstance(content, bytes) else read_bytes(content)


def require_some(pictures: Sequence[Listed]) -> None:
    """Refuse to work on nothing.

    Raises:
        InputError: There is no picture.
    """
    if not pictures:
        raise InputError("no picture was named: folders and archives hold none by their names")


def shown_name(name: str) -> str:
    """Return a name that is valid Unicode: bytes that are none are written in hex."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _paths(text: str) -> list[Path]:
    if not text:
        raise InputError("a picture's name is empty; give . for the folder you are in")
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
    except (OSError, ValueError) as error:  # the latter of a name with a zero byte
        detail = getattr(error, "strerror", None) or str(error)
        return Listed(os.fspath(path), -1, -1, _refusing(detail))
    return Listed(os.fspath(path), state.st_size, state.st_mtime_ns, partial(_same, path))


def _refusing(detail: str, reason: Rejection = Rejection.UNREADABLE) -> Callable[[], Path | bytes]:
    def read() -> Path | bytes:
        raise PictureError(reason, detail)

    return read


def _in_folder(folder: Path) -> tuple[list[Listed], int, int]:
    """List pictures by their names; hidden files and folders are not looked at."""
    root = os.path.realpath(folder)
    files, linked = [], 0
    for place, folders, names in os.walk(folder, onerror=_cannot_list):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(place) / name for name in names if not name.startswith(".")]
        linked += sum((Path(place) / name).is_symlink() for name in folders)
    pictures = sorted(file for file in files if file.suffix.lower() in IMAGE_SUFFIXES)
    return [_within(file, root) for file in pictures], len(files) - len(pictures), linked


def _within(file: Path, root: str) -> Listed:
    if file.is_symlink() and not os.path.realpath(file).startswith(root.rstrip("/") + "/"):
        detail = "a link that leads out of the folder that was named"
        return Listed(os.fspath(file), -1, -1, _refusing(detail, Rejection.OUTSIDE_ROOT))
    return _file(file)


def _at_address(url: str) -> tuple[list[Listed], int]:
    listed = [
        Listed(
            stored.address.url,
            stored.size_bytes,
            stored.modified_ns,
            partial(_same, stored.address),
        )
        for stored in find(url)
    ]
    pictures = [
        each for each in listed if PurePosixPath(each.name).suffix.lower() in IMAGE_SUFFIXES
    ]
    # An object that was named by itself is taken whatever it is called, as a file is.
    if len(listed) == 1 and listed[0].name == url:
        pictures = listed
    return pictures, len(listed) - len(pictures)


def _in_list(path: Path) -> list[Listed]:
    """List the names in a Parquet file; addresses are taken as they are, without a look at them."""
    try:
        names = read_foreign_parquet(path, columns=["path"])["path"].cast(pl.String)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: not a Parquet file with a column path: {error}") from None
    if names.has_nulls():
        raise InputError(f"{path}: its column path has empty cells; leave those rows out")
    return [
        Listed(name, -1, -1, partial(_same, Address(name))) if MARK in name else _file(Path(name))
        for name in names.to_list()
    ]


def _same(place: Path | Address) -> Path | Address:
    return place


def _cannot_list(error: OSError) -> None:
    name = shown_name(os.fsdecode(error.filename))
    raise InputError(f"{name}: cannot be read: {error.strerror}; allow reading it")


def _in_archive(path: Path) -> tuple[list[Listed], int]:
    packed = [Listed(*member) for member in members(path)]
    pictures = [member for member in packed if Path(member.name).suffix.lower() in IMAGE_SUFFIXES]
    return pictures, len(packed) - len(pictures)
