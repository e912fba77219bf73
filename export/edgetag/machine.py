"""What this machine is: measurements name it beside every number."""

import os
import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from edgetag import __version__
from edgetag.catalogue.engines import Accelerator
from edgetag.installed import installed_version
from edgetag.proc import GROUP, first_fields, group_cores, text_of
from edgetag.records import Record
from edgetag.tables.formats import counted

CPU_FEATURES = (
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "amx_int8",
    "neon",
    "asimd",
    "asimddp",
    "i8mm",
    "sve",
)
"""Instruction sets that decide how fast XNNPACK is, as Linux names them."""


class Machine(Record):
    """The hardware and system that something ran on.

    Attributes:
        system: Operating system and its kernel or release.
        architecture: As `uname -m` gives it.
        cpu: The model's name.
        cpu_features: Those of `CPU_FEATURES` that the CPU has.
        cores: Logical cores this process may use.
        memory_bytes: Physical memory; None where the system does not tell.
    """

    system: str
    architecture: str
    cpu: str
    cpu_features: tuple[str, ...]
    cores: int
    memory_bytes: int | None

    @property
    def kind(self) -> str:
        """Return in words what machines have in common whose times can be compared.

        A name alone is not enough: clouds call processors of several years by one.
        """
        features = f" ({', '.join(self.cpu_features)})" if self.cpu_features else ""
        return f"{self.cpu} with {counted(self.cores, 'core')}{features}"


class Acceleration(Record):
    """What a runtime was asked to run a file on, and what ran it.

    Attributes:
        requested: What was asked for.
        used: What ran the file; None where nothing did.
        reason: Why that is not what was asked for; empty where it is.
    """

    requested: Accelerator
    used: Accelerator | None
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What ran, for people: `cpu`, or `gpu was asked for, cpu ran: there is none`."""
        if self.used == self.requested:
            return self.used
        return f"{self.requested} was asked for, {self.used or 'nothing'} ran: {self.reason}"


def this_machine() -> Machine:
    """Describe the machine this process runs on."""
    cpuinfo = text_of(Path("/proc/cpuinfo"))
    return Machine(
        system=_system(),
        architecture=platform.machine(),
        cpu=cpu_name(cpuinfo) or platform.processor() or platform.machine(),
        cpu_features=cpu_features(cpuinfo),
        cores=cores(),
        memory_bytes=_memory_bytes(),
    )


def cpu_name(cpuinfo: str) -> str | None:
    """Return the CPU's name from the text of `/proc/cpuinfo`, None where it has none.

    x86 kernels give a name; ARM kernels give numbers, which are returned as such.
    """
    fields = first_fields(cpuinfo)
    if name := fields.get("model name"):
        return re.sub(r"\s+", " ", name)
    if "CPU part" in fields:
        return f"ARM implementer {fields.get('CPU implementer', '?')} part {fields['CPU part']}"
    return fields.get("Hardware")


def cpu_features(cpuinfo: str) -> tuple[str, ...]:
    """Return those of `CPU_FEATURES` that the text of `/proc/cpuinfo` lists."""
    fields = first_fields(cpuinfo)
    listed = set(f"{fields.get('flags', '')} {fields.get('Features', '')}".split())
    return tuple(name for name in CPU_FEATURES if name in listed)


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        name = platform.system()
    return f"{name}, {platform.system()} {platform.release()}"


def cores() -> int:
    """Return how many cores this process may use, or has the time of in a container."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(allowed or 1, group_cores(GROUP) or sys.maxsize)


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def package_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of edgetag and of those packages that are installed."""
    versions = {package: installed_version(package) for package in packages}
    return {"edgetag": __version__} | {
        package: version for package, version in versions.items() if version
    }
