"""Takes rights away from this process before it runs a model that nobody vouches for.

Runtimes are native code, and a `.tflite` file is their program: one that is made for it may make
them do what it likes. Landlock, a part of Linux (5.13 and later) that any process may turn on
itself, bounds what that is: files that the job names and the installed software can be read, one
folder can be written, no TCP socket reaches anybody (6.7 and later), no process outside is sent a
signal (6.12 and later). Besides, no more memory is given out than is free. Numbers are those of
`linux/landlock.h`.

What is confined is this thread and whatever it starts from then on.
"""

import errno
import os
import resource
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edgetag.children import SOURCE_ROOT
from edgetag.proc import free_memory_bytes, text_of

if TYPE_CHECKING:
    import ctypes

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls, of one number on every architecture."""

ASK_VERSION = 1
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = (
    1 << bit for bit in (0, 1, 2, 3, 14, 15)
)
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Those that a rule about a file may give."""

READING = EXECUTE | READ_FILE | READ_DIR
FILE_SYSTEM_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""By the version that knows them first; all that a version knows are taken away."""

TCP, TCP_SINCE = 0b11, 4
ABSTRACT_SOCKETS_AND_SIGNALS, SCOPES_SINCE = 0b11, 6

SOFTWARE = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/sys/devices/system/cpu", "/dev/urandom")
OWN = ("self", "cpuinfo", "meminfo", "stat", "sys/vm/overcommit_memory")
"""Of `/proc`: root could read the environment of other processes there."""

DISCARD = Path("/dev/null")


def landlock_version() -> int:
    """Return the version of the kernel's interface; 0 where it has none, or it is turned off."""
    if sys.platform != "linux":
        return 0
    try:
        return _called(CREATE_RULESET, 0, 0, ASK_VERSION)
    except (OSError, ImportError):  # a minimal Python has no ctypes
        return 0


def confined_by() -> str:
    """Return in words what `confine` uses here."""
    version = landlock_version()
    return f"Landlock {version}" if version else "nothing"


def confine(reads: Iterable[Path], writes: Iterable[Path] = ()) -> None:
    """Leave this process the software it runs and what is named, as far as the kernel can.

    Where `landlock_version` is 0, its memory alone is bounded.

    Args:
        reads: Files and folders that it may read; those that are not there do not count.
        writes: Files and folders that it may also write.

    Raises:
        OSError: The kernel has Landlock and refuses to use it.
    """
    _bound_memory()
    version = landlock_version()
    if not version:
        return
    handled = max(rights for since, rights in FILE_SYSTEM_RIGHTS.items() if since <= version)
    parts = [handled]
    if version >= TCP_SINCE:
        parts.append(TCP)
    if version >= SCOPES_SINCE:
        parts.append(ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(parts)}Q", *parts)
    rules = _called(CREATE_RULESET, attributes, len(attributes), 0)
    try:
        software = (*SOFTWARE, sys.prefix, sys.base_prefix, *filter(None, sys.path))
        own = (Path("/proc", name) for name in OWN)
        for place in (*map(Path, software), SOURCE_ROOT, *own, *reads):
            _allow(rules, place, handled & READING)
        for place in (*writes, DISCARD):
            _allow(rules, place, handled & ~EXECUTE)
        _checked(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _called(RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, place: Path, rights: int) -> None:
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there cannot be read either
        return
    try:
        given = rights if place.is_dir() else rights & FILE_RIGHTS
        _called(ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", given, opened), 0)
    finally:
        os.close(opened)


def _bound_memory() -> None:
    """Give out no more memory than is free now: what asks for more fails, and no other process."""
    free = free_memory_bytes()
    statm = text_of(
        Path("/proc/self/statm")
    )  # hidden where a confined process, bounded, started it
    if free is None or not statm:
        return
    pages = int(statm.split()[0])
    most = pages * resource.getpagesize() + free
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _called(number: int, *arguments: bytes | int) -> int:
    from ctypes import c_long

    wide = [each if isinstance(each, bytes) else c_long(each) for each in arguments]
    return _checked(_libc().syscall(c_long(number), *wide))


def _checked(result: int) -> int:
    from ctypes import get_errno

    if result < 0:
        code = get_errno()
        raise OSError(code, f"Landlock refuses: {errno.errorcode.get(code, code)}")
    return result


def _libc() -> "ctypes.CDLL":
    from ctypes import CDLL

    return CDLL(None, use_errno=True)
