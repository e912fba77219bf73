"""Debian packages of any architecture, downloaded and unpacked without root.

apt gets a configuration of its own on top of the machine's, so that it uses the machine's sources
and keys, but its own lists, cache and an empty list of installed packages.
"""

from collections.abc import Sequence
from pathlib import Path

from edgetag.errors import InputError
from edgetag.runtimes.emulation.commands import ToolFailedError, explain, require, run

WHAT = "Debian's packages could not be downloaded"

FAILED = ("Err:", "W: Failed to fetch")
"""How apt begins a line about a source that it could not read."""

MISSING = ("unable to locate package", "has no installation candidate", "can't find a source")

# Hooks of the machine, such as those of container images, would work on the machine's own cache.
CONFIGURATION = """\
APT::Architecture "{architecture}";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
Dir::State "{folder}/state";
Dir::State::lists "{folder}/state/lists";
Dir::State::status "{folder}/state/status";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "{folder}/cache/archives";
Dir::Log "{folder}/log";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
"""


class Apt:
    """apt for one architecture.

    Args:
        architecture: As Debian names it.
        folder: For its lists and downloads; deleted by the caller.

    Raises:
        InputError: This system has no apt.
    """

    def __init__(self, architecture: str, folder: Path) -> None:
        self._apt = require("apt-get", "apt")
        require("dpkg-deb", "dpkg")
        self._architecture = architecture
        self._archives = folder / "cache" / "archives"
        (folder / "state" / "lists" / "partial").mkdir(parents=True)
        (self._archives / "partial").mkdir(parents=True)
        (folder / "state" / "status").touch()
        self._configuration = folder / "apt.conf"
        text = CONFIGURATION.format(architecture=architecture, folder=folder)
        self._configuration.write_text(text, encoding="utf-8")
        self._update_said = ""

    def update(self) -> None:
        """Download the lists of packages.

        A source that fails is passed over: it may be one that has nothing to do with Debian, or
        its mirror may be at work. Whether the packages are there is seen when they are wanted.
        """
        try:
            said = self._run("update", "-q")
        except ToolFailedError as error:
            self._update_said = str(error)
        else:  # apt calls it a success when it reached no source at all
            failed = any(line.startswith(FAILED) for line in said.splitlines())
            self._update_said = said if failed else ""

    def download(self, packages: Sequence[str], with_dependencies: bool = False) -> list[Path]:
        """Download packages and return the files.

        Raises:
            InputError: One is not to be had, or the disk is full.
        """
        try:
            if with_dependencies:
                self._run("install", "-q", "-y", "--download-only", *packages)
            else:
                self._run("download", "-q", *packages)
        except ToolFailedError as error:
            raise self._explained(str(error)) from None
        return sorted(self._archives.glob("*.deb"))

    def _run(self, *arguments: str) -> str:
        return run([self._apt, "-c", self._configuration, *arguments], folder=self._archives)

    def _explained(self, said: str) -> InputError:
        if any(sign in said.lower() for sign in MISSING):
            if self._update_said:  # the lists are not there: why that is tells more
                return explain(WHAT, self._update_said)
            line = next(line for line in said.splitlines() if line.startswith("E:"))
            return InputError(
                f"{WHAT}: {line.removeprefix('E:').strip()} for {self._architecture}; the sources "
                "of this machine's apt must be Debian 12's"
            )
        return explain(WHAT, said)


def unpack(archives: Sequence[Path], folder: Path) -> dict[str, str]:
    """Unpack packages into a folder and return package → version.

    Raises:
        InputError: One is damaged, or the disk is full.
    """
    versions = {}
    for archive in archives:
        try:
            printed = run(["dpkg-deb", "--show", "--showformat=${Package} ${Version}", archive])
            run(["dpkg-deb", "--extract", archive, folder])
        except ToolFailedError as error:
            raise explain(f"{archive.name} could not be unpacked", str(error)) from None
        name, version = printed.split()
        versions[name] = version
    return versions
