"""Commands that run edgetag's modules under a target's Python."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from edgetag import __version__
from edgetag.runtimes.emulation import emulator
from edgetag.runtimes.emulation.commands import run
from edgetag.runtimes.emulation.machines import PYTHON, Cpu, Target
from edgetag.workspace import digest_json
from edgetag.writing import write_text

PACKAGE = Path(__file__).resolve().parents[2]
IMPORT_LIMIT_S = 120.0


def view(folder: Path, cpu: Cpu) -> Path:
    """Return the root folder that a program on a processor sees: the common one and its cpuinfo."""
    return folder / "views" / cpu.name


def python(folder: Path) -> Path:
    """Return the target's Python."""
    return folder / "root" / "usr" / "bin" / PYTHON


def emulator_command(target: Target, folder: Path, installed_emulator: str | None) -> list[str]:
    """Return how the emulator is started: the one on this machine, if that is used."""
    return (
        [installed_emulator]
        if installed_emulator
        else emulator.own_command(target.emulator, folder)
    )


def start(target: Target, folder: Path, installed_emulator: str | None, cpu: Cpu) -> list[str]:
    """Return how a program of the target is started on a processor."""
    command = emulator_command(target, folder, installed_emulator)
    root = folder / "root"
    # By their real place: QEMU 7.2 tells a 32-bit loader that folders under -L do not exist. Set
    # for the emulated program alone, since the emulator has libraries of its own.
    libraries = ":".join(str(root / part / target.triplet) for part in ("lib", "usr/lib"))
    return [
        *emulator.steady_prefix(),
        *command,
        "-L",
        str(view(folder, cpu)),
        "-cpu",
        cpu.name,
        "-E",
        f"LD_LIBRARY_PATH={libraries}",
    ]


def environment(folder: Path) -> dict[str, str]:
    """Return the whole environment of the target's Python.

    Nothing of this process's: what is in it would change where the stack begins.
    """
    paths = (_sources(folder), folder / "site")
    return {
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": ":".join(str(path) for path in paths),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }


def import_modules(
    target: Target, folder: Path, installed_emulator: str | None, cpu: Cpu, modules: Sequence[str]
) -> None:
    """Import modules under the target's Python, which keeps them compiled from then on.

    Raises:
        ToolFailedError: It does not work.
    """
    code = f"import {', '.join(modules)}"
    command = [
        *start(target, folder, installed_emulator, cpu),
        str(python(folder)),
        "-P",
        "-c",
        code,
    ]
    run(command, environment=environment(folder), timeout_s=IMPORT_LIMIT_S)


def compiled(folder: Path) -> frozenset[tuple[str, int]]:
    """Return what the target's Python has compiled: files and when, in nanoseconds."""
    return frozenset(
        (str(path), path.stat().st_mtime_ns) for path in (folder / "bytecode").rglob("*.pyc")
    )


def _sources(folder: Path) -> Path:
    """Return a folder that holds this very edgetag and nothing else.

    Where edgetag is installed, its neighbours are packages of this machine's architecture.
    """
    where = folder / "sources" / digest_json([str(PACKAGE), __version__])[:12]
    metadata = where / f"edgetag-{__version__}.dist-info" / "METADATA"
    if not metadata.exists():
        where.mkdir(parents=True, exist_ok=True)
        link = where / "edgetag"
        if not link.is_symlink():
            with contextlib.suppress(FileExistsError):  # another process was faster
                link.symlink_to(PACKAGE)
        write_text(metadata, f"Metadata-Version: 2.1\nName: edgetag\nVersion: {__version__}\n")
    return where
