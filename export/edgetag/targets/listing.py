"""The machines that `--on` can name, and whether they are set up."""

from pathlib import Path
from typing import ClassVar, Literal

from edgetag.records import Record, Result
from edgetag.runtimes.emulation import TARGETS, Target
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.runtimes.emulation.state import problem
from edgetag.runtimes.wasm import Wasm
from edgetag.targets.naming import WASM

State = Literal["ok", "missing", "broken"]


class ListedMachine(Record):
    """A machine.

    Attributes:
        name: As `--on` takes it.
        state: ok; missing, which is not set up; broken, which was set up and is damaged.
        runtimes: What it runs, with versions.
        cpus: The processors it can pretend to have.
        detail: What to type where it is not ok.
    """

    name: str
    state: State
    runtimes: tuple[str, ...]
    cpus: tuple[str, ...] = ()
    detail: str = ""


class MachineList(Result):
    """What `edgetag device list --json` prints."""

    SCHEMA: ClassVar[str] = "edgetag.machine-list/1.0"
    machines: tuple[ListedMachine, ...]


def list_machines(cache: Path | None = None) -> MachineList:
    """Return all machines.

    Args:
        cache: The folder that holds them; None for the default one.
    """
    emulated = (_emulated(target, cache) for target in TARGETS)
    return MachineList(machines=(*emulated, _wasm(cache)))


def _emulated(target: Target, cache: Path | None) -> ListedMachine:
    wrong = problem(target, cache)
    return ListedMachine(
        name=target.name,
        state=_state(wrong, target.folder(cache or default_cache())),
        runtimes=tuple(f"{runtime} {target.version(runtime)}" for runtime, _ in target.runtimes),
        cpus=tuple(cpu.name for cpu in target.cpus),
        detail=wrong or "",
    )


def _wasm(cache: Path | None) -> ListedMachine:
    engine = Wasm(cache)
    wrong = engine.available()
    return ListedMachine(
        name=WASM,
        state=_state(wrong, (cache or default_cache()) / f"{WASM}-{engine.version()}"),
        runtimes=(f"TensorFlow Lite as WebAssembly {engine.version()}",),
        detail=wrong or "",
    )


def _state(wrong: str | None, folder: Path) -> State:
    if wrong is None:
        return "ok"
    return "broken" if folder.exists() else "missing"
