"""Files on a phone, named by their SHA-256.

A tool that looks at names or sizes alone measures a stale model after a training that left the
size as it was. Here the name is the digest, and a file gets its name only when it is whole.
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from edgetag.conversion.result import ExportedVariant
from edgetag.phones.phone import FOLDER, Phone, check, size_commands, size_in
from edgetag.phones.problems import PhoneError, Problem, error_of
from edgetag.recipe import Variant
from edgetag.workspace import digest_file

HASH_S = 120.0
"""sha256sum of a large file on a slow phone ends in this time."""

_OURS = re.compile(r"[0-9a-f]{64}\.[a-z]{2,8}(\.part-[0-9a-f]{16})?|[0-9a-f]{16}\.[a-z]{2,8}")
"""Names that edgetag gives; nothing else is ever deleted."""


@dataclass(frozen=True)
class LocalFile:
    """A file of this machine that a phone shall have.

    `suffix` is that of its name on the phone, such as `tflite`.
    """

    path: Path
    sha256: str
    suffix: str

    @classmethod
    def of(cls, path: Path, suffix: str) -> "LocalFile":
        """Return a file with the digest that it has now."""
        return cls(path, digest_file(path), suffix)

    @property
    def name(self) -> str:
        """Return its name on a phone."""
        return f"{self.sha256}.{self.suffix}"

    @property
    def remote(self) -> str:
        """Return its path on a phone."""
        return f"{FOLDER}/{self.name}"


@dataclass(frozen=True)
class ModelFile(LocalFile):
    """An exported file, and what export says of it."""

    exported: ExportedVariant

    @property
    def variant(self) -> Variant:
        """The variant that it is."""
        return self.exported.variant


def prepare(phone: Phone) -> None:
    """Make the folder, so that an app can read in it too.

    Raises:
        PhoneError: The phone is gone or cannot be written.
    """
    made, _ = phone.ask(("mkdir", "-p", FOLDER), ("chmod", "755", FOLDER))
    check(made, f"mkdir {FOLDER}")  # who does not own the folder cannot chmod it, and need not


def put(phone: Phone, file: LocalFile, executable: bool = False) -> bool:
    """See to it that the phone has a file, whole and the same.

    Returns:
        Whether it had to be pushed.

    Raises:
        PhoneError: The phone is gone or full, or keeps something else than it was sent.
    """
    if _is_there(phone, file, file.remote):
        return False
    part = f"{file.remote}.part-{secrets.token_hex(8)}"
    try:
        phone.push(file.path, part)
    except PhoneError as error:
        _forget(phone, part, error)
        raise
    if not _is_there(phone, file, part):
        phone.shell("rm", "-f", part)
        raise PhoneError(Problem.FAILED, f"what arrived is not {file.path.name} as it is here")
    mode = "755" if executable else "644"
    for answer in phone.ask(("chmod", mode, part), ("mv", "-f", part, file.remote)):
        check(answer, f"renaming {file.path.name}")
    return True


def _forget(phone: Phone, part: str, error: PhoneError) -> None:
    """Delete half a file, where the phone is still there."""
    if error.problem is not Problem.DISCONNECTED:
        try:
            phone.shell("rm", "-f", part)
        except PhoneError as second:
            raise error_of(f"{error.reason}; {second.reason}", error.problem) from None


def _is_there(phone: Phone, file: LocalFile, remote: str) -> bool:
    """Tell whether the phone has the file: by size, and by digest where it can compute one."""
    stat, listed, answer = phone.ask(*size_commands(remote), ("sha256sum", remote), limit_s=HASH_S)
    if size_in(stat, listed) != file.path.stat().st_size:
        return False
    if answer.code in (126, 127):
        return True  # a phone without sha256sum; the name is given to whole files only
    return answer.code == 0 and answer.text.split()[:1] == [file.sha256]


def clean(phone: Phone, keep: frozenset[str]) -> int:
    """Delete what edgetag left on a phone and does not need now.

    Args:
        phone: Prepared.
        keep: Names of files that stay.

    Returns:
        How many files were deleted.

    Raises:
        PhoneError: The phone is gone.
    """
    names = phone.shell("ls", "-1", FOLDER).text.split("\n")
    old = [name for name in names if _OURS.fullmatch(name) and name not in keep]
    for start in range(0, len(old), 100):
        paths = [f"{FOLDER}/{name}" for name in old[start : start + 100]]
        check(phone.shell("rm", "-f", *paths), "rm")
    return len(old)
