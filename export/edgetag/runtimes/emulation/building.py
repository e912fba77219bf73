"""Setting a target up: in a folder beside, which becomes the target when all of it works."""

import fcntl
import platform
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from pathlib import Path

from edgetag.errors import InputError
from edgetag.pool import open_pool
from edgetag.progress import Progress
from edgetag.runtimes.emulation import counter, emulator, launching
from edgetag.runtimes.emulation.commands import ToolFailedError, telling_line
from edgetag.runtimes.emulation.machines import Target
from edgetag.runtimes.emulation.packages import Apt, unpack
from edgetag.runtimes.emulation.state import MARKER, Installed, damage, read_installed, record_files
from edgetag.runtimes.emulation.wheels import install_wheels

WORKER = "edgetag.runtimes.worker"
NEEDED_BYTES = 500_000_000
"""The largest target takes 350 MB while it is built."""


def set_up(target: Target, cache: Path, progress: Progress) -> Installed:
    """Set a target up where it is not, and build it anew where it is damaged.

    Raises:
        InputError: Something is missing on this machine, there is no network, the disk is full,
            or the target does not work once it is built.
    """
    folder = target.folder(cache)
    with _locked(cache, target, progress):
        installed = read_installed(target, folder)
        if installed is not None:
            wrong = damage(installed, folder, thorough=True)
            if wrong is None:
                return installed
            progress.say(f"{folder} is damaged ({wrong}); it is built anew")
        _require_space(cache)
        building = folder.with_name(f"{folder.name}.building")
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            return _build(target, building, folder, progress)
        except OSError as error:
            raise InputError(
                f"{error.filename or cache}: {error.strerror}; mend that and run the same command "
                "again"
            ) from None
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _build(target: Target, building: Path, folder: Path, progress: Progress) -> Installed:
    downloads = building / "downloads"
    downloads.mkdir(parents=True)
    with progress.track(f"set up {target.name}", None, "parts") as task:
        installed_emulator = emulator.on_path(target.emulator)
        with open_pool(3) as pool:
            parts: list[Future[dict[str, str] | None]] = [
                pool.submit(install_wheels, target, building / "site"),
                pool.submit(_install_debian, target, downloads / "target", building / "root"),
            ]
            if installed_emulator is None:
                parts.append(
                    pool.submit(emulator.download, target.emulator, downloads / "host", building)
                )
            for part in as_completed(parts):
                part.result()
                task.advance()
        packages = parts[1].result() or {}
        _finish_root(target, building)
        start = launching.start(target, building, installed_emulator, target.cpus[0])
        why_not = counter.build(building, start, launching.python(building))
        shutil.rmtree(downloads)
        files, links = record_files(building)
        building.rename(folder)
        installed = Installed(
            target=target.name,
            digest=target.digest(),
            emulator=installed_emulator,
            emulator_version=emulator.version(
                launching.emulator_command(target, folder, installed_emulator)
            ),
            emulator_bytes=Path(installed_emulator).stat().st_size if installed_emulator else None,
            machine=platform.machine(),
            counter=why_not,
            packages=packages,
            files=files,
            links=links,
        )
        # Where it will stay: Python keeps what it compiles by path, and then starts in half the
        # time. Without its marker the folder still counts as half-built.
        _try_out(target, folder, installed_emulator)
        task.advance()
    installed.write(folder / MARKER)
    return installed


def _install_debian(target: Target, downloads: Path, root: Path) -> dict[str, str]:
    apt = Apt(target.debian, downloads)
    apt.update()
    return unpack(apt.download(target.packages), root)


def _finish_root(target: Target, folder: Path) -> None:
    """Do what Debian's install scripts would do, and give each processor a root of its own."""
    root = folder / "root"
    libraries = root / "usr" / "lib" / target.triplet
    for name in ("blas", "lapack"):
        if (libraries / name).is_dir():
            (libraries / f"lib{name}.so.3").symlink_to(f"{name}/lib{name}.so.3")
    for unused in ("usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(root / unused, ignore_errors=True)
    for cpu in target.cpus:
        view = launching.view(folder, cpu)
        view.mkdir(parents=True)
        for entry in sorted(root.iterdir()):
            (view / entry.name).symlink_to(Path("../../root") / entry.name)
        (view / "proc").mkdir()
        (view / "proc" / "cpuinfo").write_text(cpu.cpuinfo(), encoding="utf-8")


def _try_out(target: Target, folder: Path, installed_emulator: str | None) -> None:
    """Start the target's Python on every processor and import what a worker does.

    Raises:
        InputError: It does not work.
    """
    for cpu in target.cpus:
        try:
            launching.import_modules(
                target, folder, installed_emulator, cpu, [WORKER, *target.modules()]
            )
        except ToolFailedError as error:
            raise InputError(
                f"the emulated {cpu.name} does not run Python and its runtimes: "
                f"{telling_line(str(error))}"
            ) from None


def _require_space(cache: Path) -> None:
    free = shutil.disk_usage(cache).free
    if free < NEEDED_BYTES:
        raise InputError(
            f"{cache}: {free / 1e6:.0f} MB are free, but an emulated machine needs "
            f"{NEEDED_BYTES / 1e6:.0f} MB; free some, or name another folder with --cache"
        )


@contextmanager
def _locked(cache: Path, target: Target, progress: Progress) -> Iterator[None]:
    """Hold the right to build a target; a second one waits and finds it done."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / f".{target.name}.lock").open("w")
    except OSError as error:
        raise InputError(
            f"{cache}: cannot be written: {error.strerror}; name another folder with --cache"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say(f"another command sets {target.name} up; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
