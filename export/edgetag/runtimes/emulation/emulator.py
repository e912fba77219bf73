"""QEMU in user mode: the one on the PATH where it can load plugins, else Debian's, unpacked."""

import platform
import re
import shutil
from pathlib import Path

from edgetag.errors import InputError
from edgetag.runtimes.emulation.commands import ToolFailedError, require, run
from edgetag.runtimes.emulation.packages import Apt, unpack

FOLDER = "emulator"
PACKAGE = "qemu-user"

DEBIAN_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def on_path(program: str) -> str | None:
    """Return the path of an emulator that can load plugins, None where there is none.

    Static builds cannot, and do not offer the option.
    """
    path = shutil.which(program)
    if path is None:
        return None
    try:
        return path if "-plugin" in run([path, "-h"], timeout_s=20) else None
    except ToolFailedError:
        return None


def download(program: str, apt_folder: Path, target_folder: Path) -> None:
    """Unpack Debian's emulator for this machine, with the libraries it needs, its own libc too.

    Raises:
        InputError: It is not to be had for this machine.
    """
    machine = platform.machine()
    architecture = DEBIAN_ARCHITECTURES.get(machine)
    if architecture is None:
        raise InputError(
            f"there is no emulator for this machine's architecture, {machine}, to download; "
            f"install QEMU in user mode ({program}) yourself"
        )
    apt = Apt(architecture, apt_folder)
    apt.update()
    folder = target_folder / FOLDER
    unpack(apt.download([PACKAGE], with_dependencies=True), folder)
    for other in (folder / "usr" / "bin").iterdir():
        if other.name != program:
            other.unlink()
    for unused in ("usr/share", "etc", "sbin", "usr/sbin", "lib64"):
        shutil.rmtree(folder / unused, ignore_errors=True)


def own_command(program: str, target_folder: Path) -> list[str]:
    """Return how a downloaded emulator is started: by its own loader, with its own libraries."""
    folder = target_folder / FOLDER
    loader = next((folder / "lib").glob("*/ld-linux-*.so.*"))
    libraries = f"{loader.parent}:{folder / 'usr' / 'lib' / loader.parent.name}"
    return [str(loader), "--library-path", libraries, str(folder / "usr" / "bin" / program)]


def version(command: list[str]) -> str:
    """Return the emulator's version.

    Raises:
        InputError: It does not run here.
    """
    try:
        said = run([*command, "--version"], timeout_s=20)
    except ToolFailedError as error:
        raise InputError(f"the emulator does not run here: {error}") from None
    match = re.search(r"\d+(\.\d+)+", said)
    return match[0] if match else "unknown"


def steady_prefix() -> list[str]:
    """Return what starts a program at the same addresses each time, where that is allowed.

    Containers may forbid it. Counts were the same without it, so that nothing depends on it.
    """
    setarch = require("setarch", "util-linux")
    try:
        run([setarch, "-R", "true"], timeout_s=20)
    except ToolFailedError:
        return []
    return [setarch, "-R"]
