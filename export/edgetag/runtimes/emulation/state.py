"""What a finished target's folder says about itself, and whether it is still so."""

import os
import platform
import stat
from pathlib import Path
from typing import ClassVar

from edgetag.errors import InputError
from edgetag.records import Record, Result
from edgetag.runtimes.emulation.machines import Target, default_cache
from edgetag.workspace import digest_file

MARKER = "target.json"
GENERATED = ("bytecode", "sources", MARKER)
"""What comes after the target is finished, and is not looked at."""


class FileMark(Record):
    """A file of a target."""

    size_bytes: int
    sha256: str


class Installed(Result):
    """`target.json`: written last, so that a folder without it is half-built.

    Attributes:
        target: Its name.
        digest: Of the definition that it was made from.
        emulator: The emulator on this machine; None where the target has its own.
        emulator_version: As it gives it.
        emulator_bytes: Size of the emulator on this machine; None where the target has its own.
        machine: Architecture of the computer that it was set up on; "" where that was not kept.
        counter: Whether instructions can be counted; else why not.
        packages: Debian package → version.
        files: Path in the folder → what it was.
        links: Path of a symbolic link → where it leads.
    """

    SCHEMA: ClassVar[str] = "edgetag.target/1.0"
    target: str
    digest: str
    emulator: str | None
    emulator_version: str
    emulator_bytes: int | None = None
    machine: str = ""
    counter: str | None
    packages: dict[str, str]
    files: dict[str, FileMark]
    links: dict[str, str]


def record_files(folder: Path) -> tuple[dict[str, FileMark], dict[str, str]]:
    """Return every file and every link below a folder."""
    files: dict[str, FileMark] = {}
    links: dict[str, str] = {}
    for top, folders, names in os.walk(folder):
        for name in sorted((*names, *folders)):
            path = Path(top) / name
            place = path.relative_to(folder).as_posix()
            if place.split("/")[0] in GENERATED:
                continue
            if path.is_symlink():
                links[place] = os.readlink(path)  # noqa: PTH115 - as it is written
            elif path.is_file():
                files[place] = FileMark(size_bytes=path.stat().st_size, sha256=digest_file(path))
    return files, links


def read_installed(target: Target, folder: Path) -> Installed | None:
    """Return what a folder says about itself, None where it says nothing that can be used."""
    try:
        text = (folder / MARKER).read_text(encoding="utf-8")
        installed = Installed.from_json(text, folder / MARKER)
    except (OSError, UnicodeDecodeError, InputError):
        return None
    return (
        installed
        if (installed.target, installed.digest) == (target.name, target.digest())
        else None
    )


def damage(installed: Installed, folder: Path, thorough: bool = False) -> str | None:
    """Return what is no longer as it was set up, in a few words; None where all is well.

    With `thorough` contents are compared, not only sizes.
    """
    if installed.machine not in ("", platform.machine()):
        return f"it was set up on a computer of another architecture, {installed.machine}"
    if installed.emulator is not None:
        emulator = Path(installed.emulator)
        if not emulator.is_file():
            return f"the emulator {emulator} is gone"
        if installed.emulator_bytes not in (None, emulator.stat().st_size):
            return f"the emulator {emulator} is another one now"
    for place, leads in installed.links.items():
        path = folder / place
        if not path.is_symlink() or os.readlink(path) != leads:  # noqa: PTH115
            return f"the link {place} has changed"
    for place, mark in installed.files.items():
        path = folder / place
        try:
            status = path.lstat()
        except OSError:
            return f"{place} is missing"
        if not stat.S_ISREG(status.st_mode) or status.st_size != mark.size_bytes:
            return f"{place} has changed"
        if thorough and digest_file(path) != mark.sha256:
            return f"{place} has changed"
    return None


def problem(target: Target, cache: Path | None = None) -> str | None:
    """Return None where a target is ready, or one line saying what is wrong and what to do."""
    folder = target.folder(cache or default_cache())
    command = f"edgetag target setup {target.name}"
    installed = read_installed(target, folder)
    if installed is None:
        return f"the emulated {target.name} is not set up; run: {command}"
    wrong = damage(installed, folder)
    if wrong is not None:
        return f"the emulated {target.name} in {folder} is damaged ({wrong}); run: {command}"
    return None


def open_target(target: Target, cache: Path | None = None) -> tuple[Installed, Path]:
    """Return a target that is ready, and its folder.

    Raises:
        InputError: It is not set up, or damaged.
    """
    folder = target.folder(cache or default_cache())
    wrong = problem(target, cache)
    installed = read_installed(target, folder)
    if wrong is not None or installed is None:
        raise InputError(wrong or f"{folder} is being changed; try again")
    return installed, folder
