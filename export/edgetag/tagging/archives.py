"""Pictures in archives, read by their place in them: nothing is unpacked, whatever names say."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from edgetag.errors import InputError
from edgetag.preprocess import Rejection
from edgetag.tagging.errors import PictureError
from edgetag.tagging.pictures import MOST_BYTES
from edgetag.userfiles import KINDS

MOST_RATIO = 1000
"""What claims to be so many times larger than it is stored is refused as a bomb: a member of a zip
file, or a whole tar file."""

MOST_MEMBERS = 10_000_000

ARCHIVES = (".zip", ".cbz", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


Member = tuple[str, int, int, Callable[[], bytes]]
"""`archive/member`, its size in bytes, when the archive was changed (ns), and what reads it."""


def members(path: Path) -> list[Member]:
    """List the files in an archive as they are packed.

    Raises:
        InputError: It is damaged, no file, or has too many members.
    """
    _require_regular(path)
    listed = _zip_members if path.name.lower().endswith((".zip", ".cbz")) else _tar_members
    try:
        return list(listed(path))
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, tarfile.TarError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: not a whole archive: {detail}; make it again") from None


def _require_regular(path: Path) -> None:
    mode = path.stat().st_mode
    for is_kind, kind in KINDS:
        if is_kind(mode):
            raise InputError(f"{path}: {kind}, not a file; an archive is a file")


def _zip_members(path: Path) -> Iterator[Member]:
    archive = zipfile.ZipFile(path)
    modified = path.stat().st_mtime_ns
    entries = archive.infolist()
    _require_few(len(entries), path)
    for entry in entries:
        if not entry.is_dir():
            name = f"{path}/{entry.filename}"
            yield name, entry.file_size, modified, _zip_reader(archive, entry)


def _zip_reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        _require_honest(entry.file_size, entry.compress_size)
        try:
            with archive.open(entry) as file:
                return _limited(file.read(MOST_BYTES + 1))
        except Exception as error:  # a damaged or encrypted member raises nearly anything
            raise _damaged(error) from None

    return read


def _tar_members(path: Path) -> Iterator[Member]:
    archive = tarfile.open(path)  # noqa: SIM115 - members are read while the command runs
    state = path.stat()
    modified, claimed = state.st_mtime_ns, 0
    for number, member in enumerate(archive):
        _require_few(number + 1, path)
        claimed += member.size
        # Going on to the next member would unpack this one.
        if claimed > MOST_RATIO * state.st_size:
            raise InputError(
                f"{path}: it claims over {claimed} bytes, stored in {state.st_size}; this is "
                "refused"
            )
        if member.isfile():
            name = f"{path}/{member.name}"
            yield name, member.size, modified, _tar_reader(archive, member)


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
