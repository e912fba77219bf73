"""Opens an APK or an app bundle (`.aab`), whoever made it, and refuses what Android would.

Both are zip files. What a file claims is held against limits before anything is read by it, and
nothing is unpacked to disk.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgetag.errors import InputError, one_line
from edgetag.tables.text import printable, shorten
from edgetag.userfiles import require_file

MOST_BYTES = 4_000_000_000
"""A zip file without ZIP64, which Android's installer does not read, is not larger."""

MOST_DIRECTORY_BYTES = 32_000_000
"""Room for 65,534 entries, the most without ZIP64, with names of 400 characters."""

_END = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16, end of central directory record
_END_MAGIC = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES = 20
_MOST_COMMENT_BYTES = 0xFFFF
_LOCAL = struct.Struct("<4s22x2H")  # APPNOTE 4.3.7: magic, lengths of name and extra field
_LOCAL_MAGIC = b"PK\x03\x04"
_ENCRYPTED = 0x1
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file in the app.

    Attributes:
        name: Its path there.
        size_bytes: Its size, unpacked, as the app claims.
        stored: Whether it lies there as it is, not compressed.
        offset: Where in the app its bytes begin.
    """

    name: str
    size_bytes: int
    stored: bool
    offset: int


@dataclass(frozen=True)
class App:
    """An open app.

    Attributes:
        path: The file.
        entries: Its files by their paths.
        directory_offset: Where the zip's central directory begins; a signing block ends there.
    """

    path: Path
    entries: Mapping[str, Entry]
    directory_offset: int
    _zip: zipfile.ZipFile
    _file: IO[bytes]

    def blocks(self, name: str, most_bytes: int) -> Iterator[bytes]:
        """Yield the bytes of a file up to a limit, of which the block that passes it is the last.

        Raises:
            InputError: The file is damaged.
        """
        with _one_message(self.path), self._zip.open(name) as content:
            size = 0
            while size <= most_bytes and (block := content.read(_BLOCK_BYTES)):
                size += len(block)
                yield block

    def head(self, name: str, size_bytes: int) -> bytes:
        """Return the first bytes of a file.

        Raises:
            InputError: The file is damaged.
        """
        with _one_message(self.path), self._zip.open(name) as content:
            return content.read(size_bytes)

    def raw(self, offset: int, size_bytes: int) -> bytes:
        """Return bytes of the app itself; fewer where it ends before."""
        with _one_message(self.path):
            self._file.seek(max(0, offset))
            return self._file.read(size_bytes)


@contextmanager
def open_app(path: Path) -> Iterator[App]:
    """Open an APK or an app bundle.

    Raises:
        InputError: It is no zip file, damaged, or built to do harm.
    """
    with _one_message(path):
        require_file(path, "APK", MOST_BYTES)
        file = path.open("rb")
    with file:
        with _one_message(path):
            directory_offset, count = _directory(file, path)
            archive = zipfile.ZipFile(file)
        with archive:
            with _one_message(path):
                if archive.start_dir != directory_offset or len(archive.infolist()) != count:
                    raise InputError(f"{path}: has two central directories; this is refused")
                entries = _entries(archive, file, directory_offset, path)
            yield App(path, entries, directory_offset, archive, file)


@contextmanager
def _one_message(path: Path) -> Iterator[None]:
    """Turn what damaged archives raise into one message."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, zlib.error) as error:
        reason = one_line(str(error))
        raise InputError(f"{path}: not a whole APK: {reason}; build it again") from None


def _directory(file: IO[bytes], path: Path) -> tuple[int, int]:
    """Return where the central directory begins, and how many entries it has.

    `zipfile` reads a directory of any size into memory, so this comes before it.
    """
    size = path.stat().st_size
    tail_at = max(0, size - _END.size - _MOST_COMMENT_BYTES)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) < at + _END.size:
        raise InputError(f"{path}: no APK: it is no zip file, or its end is missing")
    *_, count, directory_bytes, offset, comment_bytes = _END.unpack_from(tail, at)
    if tail_at + at + _END.size + comment_bytes != size:
        raise InputError(f"{path}: bytes follow its end, or its end is missing; build it again")
    before_end = tail[max(0, at - _ZIP64_LOCATOR_BYTES) : at]
    if before_end.startswith(_ZIP64_LOCATOR) or count == 0xFFFF:
        raise InputError(f"{path}: a ZIP64 file, which Android does not install")
    if directory_bytes > MOST_DIRECTORY_BYTES or offset + directory_bytes != tail_at + at:
        raise InputError(
            f"{path}: its central directory is not where its end says; this is refused"
        )
    return offset, count


def _entries(
    archive: zipfile.ZipFile, file: IO[bytes], directory_offset: int, path: Path
) -> dict[str, Entry]:
    """Return entries by name after refusing what no packer of apps writes."""
    entries: dict[str, Entry] = {}
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        shown = f"{path}: {shorten(printable(info.filename))}"
        if not _is_inside(info.filename):
            raise InputError(f"{shown} leads out of the app; this is refused")
        if info.filename in entries:
            raise InputError(f"{shown} is there twice; Android does not install such a file")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{shown} is compressed in a way that Android does not know")
        if info.flag_bits & _ENCRYPTED:
            raise InputError(f"{shown} is encrypted, which Android does not install")
        stored = info.compress_type == zipfile.ZIP_STORED
        if stored and info.compress_size != info.file_size:
            raise InputError(f"{shown} is stored and claims two sizes; this is refused")
        if info.header_offset < end:
            raise InputError(f"{shown} overlaps another file; this is refused")
        offset = _offset(file, info.header_offset, shown)
        end = offset + info.compress_size
        entries[info.filename] = Entry(info.filename, info.file_size, stored, offset)
    if end > directory_offset:
        raise InputError(f"{path}: its files are larger than it is; this is refused")
    return entries


def _is_inside(name: str) -> bool:
    parts = name.removesuffix("/").split("/")
    return "\\" not in name and not {"", ".", ".."} & set(parts)


def _offset(file: IO[bytes], header_offset: int, shown: str) -> int:
    """Return where the bytes of an entry begin; its local header has lengths of its own."""
    file.seek(header_offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MAGIC):
        raise InputError(f"{shown} has no header where the directory says; build the app again")
    _, name_bytes, extra_bytes = _LOCAL.unpack(header)
    return header_offset + _LOCAL.size + int(name_bytes) + int(extra_bytes)
