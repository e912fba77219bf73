"""A folder that appears whole or not at all, and replaces only one that was made before."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import ClassVar

from edgetag.errors import InputError
from edgetag.records import Result
from edgetag.scratch import scratch_folder
from edgetag.workspace import digest_file

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of Linux's `fcntl.h` and `fs.h`."""


class MadeFolder(Result):
    """What a folder holds, so that it can be replaced and nothing else is.

    Subclasses set `MARKER`, the name of the file in the folder that has it; `COMMAND`, which makes
    such folders; and `LEFT_BY_USE`, what may come about in one later and goes with it.

    Attributes:
        files: File relative to the folder → SHA-256; the marker itself is not among them.
    """

    MARKER: ClassVar[str]
    COMMAND: ClassVar[str]
    LEFT_BY_USE: ClassVar[tuple[str, ...]] = ()
    files: dict[str, str]


def digests_of(folder: Path) -> dict[str, str]:
    """Return file → SHA-256 of all that lies in a folder, sorted."""
    return {
        path.relative_to(folder).as_posix(): digest_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def replacing(folder: Path, kind: type[MadeFolder]) -> Iterator[Path]:
    """Yield an empty folder beside `folder`, which takes its place when the block ends well.

    Beside it, `NAME/../run` is free for what is needed meanwhile. What a killed command left goes
    when the next one begins beside it.

    Raises:
        InputError: `folder` holds something that no command made, or cannot be made.
    """
    check_replaceable(folder, kind)
    with ExitStack() as stack:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            aside = stack.enter_context(scratch_folder(folder.parent))
        except OSError as error:
            raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
        made = aside / "new"
        made.mkdir(mode=0o755)
        yield made
        _take_place(made, folder)


def _take_place(made: Path, folder: Path) -> None:
    """Put `made` where `folder` is, which lies where `made` was, at once where the system can.

    Elsewhere a kill between two renames would leave neither, and the old one for the next command
    to remove.
    """
    if not folder.exists():
        made.rename(folder)
    elif not _exchanged(made, folder):
        folder.rename(made.with_name("old"))
        made.rename(folder)


def _exchanged(first: Path, second: Path) -> bool:
    """Let two folders exchange their names, as `renameat2` does; tell whether the system can."""
    try:
        from ctypes import CDLL

        rename = CDLL(None).renameat2
    except (ImportError, AttributeError):  # a minimal Python, or no Linux
        return False
    names = AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second)
    return rename(*names, RENAME_EXCHANGE) == 0  # some file systems refuse it


def check_replaceable(folder: Path, kind: type[MadeFolder]) -> None:
    """Refuse to replace anything that no command made, or that was changed since.

    Raises:
        InputError: Names what is in the way.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{folder}: not a folder; give the name of a new one")
    if folder.name in ("", "..") or folder.is_mount():
        raise InputError(
            f"{folder}: where you are, or where a disk is mounted, no new folder can take its "
            "place; name a folder in it"
        )
    if not folder.exists() or not any(folder.iterdir()):
        return
    marker = folder / kind.MARKER
    if not marker.is_file():
        raise InputError(
            f"{folder}: not empty, and not made by edgetag {kind.COMMAND}; give the name of a new "
            "folder"
        )
    known = kind.read(marker, kind.COMMAND).files
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_left = name.split("/")[0] in kind.LEFT_BY_USE
        if name == kind.MARKER or is_left or (path.is_dir() and _ours(name, known)):
            continue
        if name not in known:
            raise InputError(f"{path}: edgetag did not put this here; move it out of {folder}")
        if path.is_symlink() or not path.is_file() or digest_file(path) != known[name]:
            raise InputError(
                f"{path}: changed since it was exported; delete {folder} if it may be replaced"
            )


def _ours(name: str, known: dict[str, str]) -> bool:
    return any(file.startswith(f"{name}/") for file in known)
