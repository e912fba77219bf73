"""What every reader owes that is given what a stranger wrote.

It gives a result, or refuses with an `InputError`: a few printable lines. It does nothing else: no
other exception, no file written elsewhere, no process, no connection.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hypothesis import strategies as st

from edgetag.errors import InputError
from edgetag.scratch import PREFIX

Outcome = Literal["read", "refused"]
LONGEST_MESSAGE = 100_000


@dataclass(frozen=True)
class Target:
    """A reader, and what it is given.

    Attributes:
        inputs: Of any type.
        read: Reads one; the folder is for its files.
        examples: So many in a short look; fewer where each takes long.
    """

    inputs: st.SearchStrategy[Any]
    read: Callable[[Any, Path], object]
    examples: int = 100


def held(target: Target, given: Any, folder: Path) -> Outcome:
    """Read an input, and hold the reader to what it owes.

    Raises:
        AssertionError: It refuses in a way that nobody can read, or reaches for something else.
    """
    try:
        with nothing_touched_outside(folder):
            target.read(given, folder)
    except InputError as error:
        message = str(error)
        assert 0 < len(message) < LONGEST_MESSAGE, message[:1000]
        assert all(line.isprintable() for line in message.split("\n")), ascii(message[:1000])
        return "refused"
    return "read"


WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES = ("os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod")
NEVER = ("subprocess.Popen", "os.system", "os.fork", "socket.connect", "os.kill")

_allowed: list[Path] = []


@contextmanager
def nothing_touched_outside(folder: Path) -> Iterator[None]:
    """Raise where Python writes outside a folder, starts a process, or connects to anything."""
    if not _watching:
        sys.addaudithook(_watch)
        _watching.append(True)
    _allowed.append(folder.resolve())
    try:
        yield
    finally:
        _allowed.clear()


_watching: list[bool] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """See what Python does; what native code opens is not seen."""
    if not _allowed:
        return
    if event in NEVER:
        raise AssertionError(f"{event}: {arguments!r}")
    if (event == "open" and arguments[2] & WRITES) or event in CHANGES:
        _require_inside(event, arguments[0])
    elif event == "os.rename":
        for place in arguments[:2]:
            _require_inside(event, place)


def _require_inside(event: str, place: Any) -> None:
    if not isinstance(place, str | bytes):  # a descriptor that is open already
        return
    path = Path(os.path.abspath(os.fsdecode(place)))  # noqa: PTH100 - links are not to be followed
    if path.suffix.startswith(".pyc") or "__pycache__" in path.parts or path == Path(os.devnull):
        return
    temporary = Path(tempfile.gettempdir())  # opened for a file without a name
    scratch = temporary / PREFIX
    if (
        path != temporary
        and not path.is_relative_to(_allowed[0])
        and not str(path).startswith(str(scratch))
    ):
        raise AssertionError(f"{event} outside: {path}")
