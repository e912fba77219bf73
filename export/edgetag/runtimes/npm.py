"""Runtimes that npm brings, fetched into a cache folder: pinned, and whole or not at all.

A `package-lock.json` pins the SHA-512 of every package and names no registry, so that npm asks
whichever registry the user has configured and refuses any other content. Peer dependencies are
left out, and no package's scripts are run.
"""

import json
import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from pydantic import ValidationError

from edgetag.children import Launch, run_long_program
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.records import Result
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.runtimes.node import INSTALL, find_node, why_no_node
from edgetag.runtimes.protocol import SILENCE_LIMIT_S
from edgetag.scratch import scratch_folder
from edgetag.workspace import digest_file

LOCK = "package-lock.json"
MODULES = Path("node_modules")
MARKER = "ready.json"
FETCH_S = 300.0
NETWORK_CODES = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ETIMEDOUT",
    "ERR_SOCKET_TIMEOUT",
    "EIDLETIMEOUT",
)
"""What npm says where there is no network."""


class Marker(Result):
    """`ready.json`, written when all else is there.

    Attributes:
        lock_sha256: Digest of the lock file that was installed.
        sha256: File that is used → its digest.
    """

    SCHEMA: ClassVar[str] = "edgetag.npm-runtime/1.0"
    lock_sha256: str
    sha256: dict[str, str]


@dataclass(frozen=True)
class NpmPackage:
    """A package that runs models, with what it depends on.

    Attributes:
        target: What the target is called that it is fetched for.
        name: The package's name in the registry.
        pinned: The folder with `package.json` and the lock file.
        files: What is used of it, below `node_modules`; they are digested each time.
    """

    target: str
    name: str
    pinned: Path
    files: tuple[str, ...]

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.pinned / LOCK

    @property
    def version(self) -> str:
        """The version in the lock file."""
        lock = json.loads(self.lock.read_text(encoding="utf-8"))
        return str(lock["packages"][str(MODULES / self.name)]["version"])

    def place(self, cache_folder: Path) -> Path:
        """Return where it is kept in a cache folder."""
        return cache_folder / f"{self.target}-{self.version}"

    def installed(self, cache_folder: Path) -> Path | None:
        """Return its `node_modules`; None where it is missing, damaged or of another version.

        The files are digested, which takes some 10 ms: a damaged one would give wrong scores.
        """
        folder = self.place(cache_folder)
        try:
            marker = Marker.model_validate_json((folder / MARKER).read_bytes())
            whole = self._digests(folder) == marker.sha256
        except (OSError, ValidationError):
            return None
        return folder / MODULES if whole and marker.lock_sha256 == digest_file(self.lock) else None

    def fetch(self, cache_folder: Path, progress: Progress) -> Path:
        """Fetch it unless it is there and whole.

        Returns:
            Its `node_modules`.

        Raises:
            InputError: Node or npm is missing or too old, the network or the registry gives
                nothing, or what it gives is not the pinned package.
        """
        missing = why_no_node(find_node())
        npm = shutil.which("npm")
        if missing is None and npm is None:
            missing = f"npm is not installed; {INSTALL}"
        if missing is not None or npm is None:
            raise InputError(f"{self.target}: {missing}")
        there = self.installed(cache_folder)
        if there is not None:
            progress.say(f"{self.target}: {self.name} {self.version} is there: {there.parent}")
            return there
        progress.say(f"{self.target}: fetching {self.name} {self.version} by npm")
        self._build(npm, cache_folder)
        progress.say(f"{self.target}: set up in {self.place(cache_folder)}")
        return self.place(cache_folder) / MODULES

    def _digests(self, folder: Path) -> dict[str, str]:
        return {name: digest_file(folder / MODULES / name) for name in self.files}

    def _build(self, npm: str, cache_folder: Path) -> None:
        """Install beside the place and move there, so that nothing half done looks whole."""
        try:
            cache_folder.mkdir(parents=True, exist_ok=True)
            with scratch_folder(cache_folder) as aside:
                self._install(npm, aside / self.target, cache_folder)
        except OSError as error:
            raise InputError(f"{cache_folder}: cannot be written: {error.strerror}") from None

    def _install(self, npm: str, folder: Path, cache_folder: Path) -> None:
        """Install into a new folder beside the place, and move it there."""
        folder.mkdir(mode=0o755)  # a cache may be shared
        for name in ("package.json", LOCK):
            shutil.copyfile(self.pinned / name, folder / name)
        self._run_npm(npm, folder)
        marker = Marker(lock_sha256=digest_file(self.lock), sha256=self._digests(folder))
        marker.write(folder / MARKER)
        if self.installed(cache_folder) is None:  # another set-up may have been faster
            place = self.place(cache_folder)
            shutil.rmtree(place, ignore_errors=True)
            folder.replace(place)

    def _run_npm(self, npm: str, folder: Path) -> None:
        command = [
            npm,
            "ci",
            "--ignore-scripts",
            "--legacy-peer-deps",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--fetch-retries=1",
            "--fetch-retry-mintimeout=1000",
        ]
        try:
            done = run_long_program(command, FETCH_S, folder)
        except subprocess.TimeoutExpired:
            raise InputError(
                f"{self.target}: npm has not fetched {self.name} in {FETCH_S:g} s; check the "
                "network and run the same command again"
            ) from None
        if done.returncode:
            raise InputError(f"{self.target}: {self.explain(done.stderr)}")

    def explain(self, stderr: str) -> str:
        """Say in one line why npm failed, and what to do.

        Args:
            stderr: What it printed.
        """
        codes = re.findall(r"\b(E[A-Z0-9_]{3,}|ERR_[A-Z_]+)\b", stderr)
        network = next((code for code in codes if code in NETWORK_CODES), None)
        if network is not None:
            return (
                f"the npm registry cannot be reached ({network}); set-up needs the network once, "
                "check it and run the same command again"
            )
        if "EINTEGRITY" in codes:
            return (
                f"what the npm registry gives for {self.name} {self.version} is not the pinned "
                "package (EINTEGRITY); do not use that registry"
            )
        if "ENOSPC" in codes:
            return "no space left on the disk; free some and run the same command again"
        said = [line for line in stderr.splitlines() if re.match(r"npm (error|ERR!) ", line)]
        reason = re.sub(r"^npm (error|ERR!) ", "", said[0]).strip() if said else "it gave no reason"
        return f"npm could not fetch {self.name}: {reason}"


class NpmEngine(ABC):
    """An engine that npm brings: a target of its own, which `edgetag target setup` sets up.

    Args:
        cache_folder: Where it is fetched to; None for the default.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    package: ClassVar[NpmPackage]
    silence_limit_s = SILENCE_LIMIT_S

    def __init__(self, cache_folder: Path | None = None) -> None:
        # Node looks for modules from its own files on, not from where one stands.
        self._cache_folder = cache_folder and cache_folder.absolute()

    def at(self, cache_folder: Path | None) -> Self:
        """Return the same engine fetched to another cache folder."""
        return type(self)(cache_folder)

    @property
    def inner(self) -> str:
        """Its own name."""
        return self.name

    @property
    def cache_folder(self) -> Path:
        """Where it is fetched to."""
        return self._cache_folder or default_cache()

    @property
    def place(self) -> Path:
        """Its own folder there."""
        return self.package.place(self.cache_folder)

    def set_up(self, progress: Progress) -> Path:
        """Fetch it unless it is there and whole, and return its folder.

        Raises:
            InputError: See `NpmPackage.fetch`.
        """
        return self.package.fetch(self.cache_folder, progress).parent

    def version(self) -> str:
        """Return the version of the npm package, which is pinned."""
        return self.package.version

    def available(self) -> str | None:
        """Return None, or why it cannot be used here and what to do."""
        missing = self.why_no_program()
        set_up = f"run: edgetag target setup {self.name}"
        if missing is not None:
            return f"{missing}, then {set_up}"
        if self.package.installed(self.cache_folder) is None:
            return f"it is not set up, or damaged; {set_up}"
        return None

    def launch(self, module: str, *arguments: str) -> Launch:
        """Start the process that scores images.

        Raises:
            InputError: Another process than that is asked for, or the engine is not set up.
        """
        from edgetag.runtimes.scoring import WORKER

        if module != WORKER:
            raise InputError(
                f"the runtime {self.name} only scores images; {module.split('.')[-1]} needs a "
                "runtime of this machine, such as litert"
            )
        missing = self.available()
        if missing is not None:
            raise InputError(f"{self.name}: {missing}")
        return self.launch_scoring(self.package.place(self.cache_folder), *arguments)

    @abstractmethod
    def why_no_program(self) -> str | None:
        """Return None, or why the program is not there that runs it, and what to install."""

    @abstractmethod
    def program(self) -> str:
        """Return the program that runs it, with its version."""

    @abstractmethod
    def launch_scoring(self, folder: Path, *arguments: str) -> Launch:
        """Return how the process is started that scores images.

        Args:
            folder: Where the package was fetched to.
            arguments: The path of the job.
        """
