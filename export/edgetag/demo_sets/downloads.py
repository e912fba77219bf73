"""Fetching packages by name with npm and apt-get, and unpacking only what is wanted.

Nothing is installed and no script of a package runs. Archives are read as streams: only regular
files below a wanted folder are written, under names that cannot leave the target.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from edgetag.children import run_long_program
from edgetag.errors import InputError
from edgetag.scratch import scratch_folder
from edgetag.workspace import digest_file
from edgetag.writing import write_bytes, write_text

TIMEOUT_S = 600
MAX_FILE_BYTES = 50_000_000
MAX_TOTAL_BYTES = 600_000_000
FREE_BYTES = 1_000_000_000
_DONE = ".done"


@dataclass(frozen=True)
class NpmPackage:
    """A package of the npm registry.

    The name has its scope. `integrity` is the registry's digest, `sha512-` and base64, which
    the archive must have; of the archive the paths `wanted` are kept.
    """

    name: str
    version: str
    integrity: str
    wanted: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Name of the folder it is unpacked to."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True)
class DebPackage:
    """A package of a Debian archive; apt checks it against the archive's signature.

    `sha256` is that of the version whose pictures were reviewed; of the package the folders
    `wanted` are kept.
    """

    name: str
    sha256: str
    wanted: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Name of the folder it is unpacked to."""
        return self.name


Package = NpmPackage | DebPackage


def check_tools(folder: Path) -> None:
    """Refuse to start where a tool or disk space is missing.

    Raises:
        InputError: Names what is missing.
    """
    missing = [tool for tool in ("npm", "apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise InputError(
            f"the benchmark set needs {', '.join(missing)}, which this machine lacks: it is "
            "fetched with npm pack and apt-get download, so run this on Debian or Ubuntu with "
            "npm installed, or use the demo set (edgetag data fetch --set demo)"
        )
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < FREE_BYTES:
        raise InputError(
            f"{folder}: {free // 1_000_000} MB are free, but the benchmark set needs "
            f"{FREE_BYTES // 1_000_000} MB while it is built; free some space or name a folder "
            "on another disk"
        )


def fetch_package(package: Package, target: Path) -> bool:
    """Download, verify and unpack one package, unless that was done before.

    Returns:
        Whether a Debian package is the reviewed version (always true for npm).

    Raises:
        InputError: The network or a tool failed, or the archive is not what it should be.
    """
    reviewed = package.integrity if isinstance(package, NpmPackage) else package.sha256
    folder = target / package.folder
    done = folder / _DONE
    is_pinned = isinstance(package, NpmPackage)
    if not done.is_file() or (is_pinned and done.read_text(encoding="utf-8") != reviewed):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target) as temporary:
            archive = _download(package, temporary)
            digest = _verify(package, archive)
            _unpack(package, archive, folder)
        write_text(done, digest)
    return done.read_text(encoding="utf-8") == reviewed


def _download(package: Package, folder: Path) -> Path:
    if isinstance(package, NpmPackage):
        wanted = f"{package.name}@{package.version}"
        output = _run(["npm", "pack", wanted, "--json", "--ignore-scripts"], folder, wanted)
        try:
            name = PurePosixPath(json.loads(output)[0]["filename"]).name
        except (ValueError, LookupError, TypeError):
            raise InputError(f"npm pack {wanted}: gave no file name; update npm") from None
        return folder / name
    _run(["apt-get", "download", package.name], folder, package.name)
    archives = sorted(folder.glob(f"{package.name}_*.deb"))
    if not archives:
        raise InputError(f"apt-get download {package.name}: left no package; run: apt-get update")
    return archives[0]


def _run(command: list[str], folder: Path, what: str) -> str:
    try:
        done = run_long_program(command, TIMEOUT_S, folder)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{what}: not downloaded after {TIMEOUT_S} s; check the network and run again"
        ) from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if line.startswith(("E:", "npm error"))), "")
        advice = "apt-get update" if command[0] == "apt-get" else "npm ping"
        raise InputError(
            f"{what}: {command[0]} could not download it ({reason or 'no reason given'}); "
            f"check the network with: {advice}"
        )
    return done.stdout


def _verify(package: Package, archive: Path) -> str:
    """Return the archive's digest; an npm archive must have the pinned one."""
    if isinstance(package, DebPackage):
        return digest_file(archive)
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    integrity = f"sha512-{base64.b64encode(digest).decode()}"
    if integrity != package.integrity:
        raise InputError(
            f"{package.name} {package.version}: the download has digest {integrity}, expected "
            f"{package.integrity}; it was altered or damaged on its way, so nothing was unpacked"
        )
    return integrity


@contextmanager
def _stream(package: Package, archive: Path) -> Iterator[IO[bytes]]:
    if isinstance(package, NpmPackage):
        with archive.open("rb") as file:
            yield file
        return
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101  # for mypy: stdout is a pipe
        yield process.stdout
        process.stdout.read()


def _unpack(package: Package, archive: Path, folder: Path) -> None:
    try:
        with _stream(package, archive) as stream, tarfile.open(fileobj=stream, mode="r|*") as tar:
            unpack_tar(tar, folder, package.wanted)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"{package.name}: the archive cannot be read: {error}") from None


def unpack_tar(tar: tarfile.TarFile, folder: Path, wanted: tuple[str, ...]) -> None:
    """Write the wanted regular files of an archive below `folder`, flat paths kept.

    Links, devices, absolute paths and paths with `..` are skipped, never followed.

    Raises:
        InputError: A file or the whole is larger than a picture package can be.
    """
    total = 0
    for member in tar:
        name = PurePosixPath(member.name)
        if not member.isfile() or name.is_absolute() or ".." in name.parts:
            continue
        path = PurePosixPath(*(part for part in name.parts if part != "."))
        if not any(path.is_relative_to(prefix) for prefix in wanted):
            continue
        total += member.size
        if member.size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            raise InputError(f"{member.name}: too large for a package of pictures; not unpacked")
        source = tar.extractfile(member)
        if source is not None:
            write_bytes(folder / path, source.read())
