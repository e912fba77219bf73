"""An engine on an emulated machine: the same worker, under that machine's Python."""

from dataclasses import dataclass
from pathlib import Path

from edgetag.children import Launch
from edgetag.errors import InputError
from edgetag.runtimes.emulation import Cpu, Target, find, open_target
from edgetag.runtimes.emulation.counter import PLUGIN
from edgetag.runtimes.emulation.launching import environment, python, start
from edgetag.runtimes.emulation.machines import TARGETS
from edgetag.runtimes.emulation.state import problem

SEPARATOR = "@"

SILENCE_LIMIT_S = 600.0
"""Longest silence of an emulated worker. At 96 px an inference took 0.1 to 0.9 s, and work grows
with the square of the size; an inference that does not end is still noticed."""


@dataclass(frozen=True)
class Emulated:
    """The engine `RUNTIME@TARGET`.

    Attributes:
        target: The machine.
        inner: The runtime there.
        cpu: The processor it pretends to be.
        cache: The folder of all targets; None for the default one.
        count_log: Where the counting plugin writes; None to run without it.
    """

    target: Target
    inner: str
    cpu: Cpu
    cache: Path | None = None
    count_log: Path | None = None

    @property
    def silence_limit_s(self) -> float:
        """Longest silence of a worker there, in seconds."""
        return SILENCE_LIMIT_S

    @property
    def name(self) -> str:
        """As recipes would name it."""
        return f"{self.inner}{SEPARATOR}{self.target.name}"

    def launch(self, module: str, *arguments: str) -> Launch:
        """Start a worker on the emulated machine."""
        installed, folder = open_target(self.target, self.cache)
        command = start(self.target, folder, installed.emulator, self.cpu)
        if self.count_log is not None:
            plugin = str(folder / PLUGIN)
            command += ["-plugin", plugin, "-d", "plugin", "-D", str(self.count_log)]
        command += [str(python(folder)), "-P", "-m", module, *arguments]
        return Launch(command, environment(folder))

    def version(self) -> str:
        """Return the version that the target has."""
        return self.target.version(self.inner)

    def available(self) -> str | None:
        """Return None, or why it cannot be used: it is not set up, or damaged."""
        return problem(self.target, self.cache)

    def why_no_count(self) -> str | None:
        """Return None, or why instructions cannot be counted; call only where it is available."""
        return open_target(self.target, self.cache)[0].counter


def names() -> tuple[str, ...]:
    """Return every engine on every emulated machine."""
    return tuple(
        f"{runtime}{SEPARATOR}{target.name}" for target in TARGETS for runtime, _ in target.runtimes
    )


def get(name: str, cpu: str | None = None, cache: Path | None = None) -> Emulated:
    """Return an engine on an emulated machine.

    The name is such as `litert@arm64`; without a processor or folder of targets the default one
    is taken.

    Raises:
        InputError: There is none of this name, or no such processor.
    """
    runtime, _, place = name.partition(SEPARATOR)
    target = find(place)
    if runtime not in dict(target.runtimes):
        raise InputError(f"runtime {name!r} is not one of: {', '.join(names())}")
    return Emulated(target, runtime, target.cpu(cpu), cache)
