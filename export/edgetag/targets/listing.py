"""The targets that `--on` can name: whether they are set up, and setting one up."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from edgetag.progress import Progress
from edgetag.records import Record, Result
from edgetag.runtimes.emulation import TARGETS, Target, building
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.runtimes.emulation.state import problem
from edgetag.targets.asked import web_engine
from edgetag.targets.naming import SETUP, WEB, resolve_for

State = Literal["ok", "missing", "broken"]


class ListedTarget(Record):
    """A target.

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


class TargetList(Result):
    """What `edgetag target list --json` prints."""

    SCHEMA: ClassVar[str] = "edgetag.target-list/1.0"
    targets: tuple[ListedTarget, ...]


def list_targets(cache: Path | None = None) -> TargetList:
    """Return all targets.

    Args:
        cache: The folder that holds them; None for the default one.
    """
    emulated = (_emulated(target, cache) for target in TARGETS)
    return TargetList(targets=(*emulated, *(_web(name, cache) for name in WEB)))


def set_up(name: str, cache: Path | None, progress: Progress) -> Iterator[str]:
    """Set a target up unless it is there and whole; yield lines that say what there is now.

    Raises:
        InputError: There is no such target, or it cannot be set up.
    """
    (place,) = resolve_for(SETUP, [name])
    if place.target is None:
        yield f"{name} is ready; folder: {web_engine(name, cache).set_up(progress)}"
        return
    target, folder = place.target, (cache or default_cache()).absolute()
    installed = building.set_up(target, folder, progress)
    runtimes = ", ".join(f"{runtime} {target.version(runtime)}" for runtime, _ in target.runtimes)
    yield f"{target.name} is ready: {runtimes}, on QEMU {installed.emulator_version}"
    yield f"folder: {target.folder(folder)}"
    if installed.counter is not None:
        yield f"instructions cannot be counted: {installed.counter}"


def _emulated(target: Target, cache: Path | None) -> ListedTarget:
    wrong = problem(target, cache)
    return ListedTarget(
        name=target.name,
        state=_state(wrong, target.folder(cache or default_cache())),
        runtimes=tuple(f"{runtime} {target.version(runtime)}" for runtime, _ in target.runtimes),
        cpus=tuple(cpu.name for cpu in target.cpus),
        detail=wrong or "",
    )


def _web(name: str, cache: Path | None) -> ListedTarget:
    engine = web_engine(name, cache)
    wrong = engine.available()
    return ListedTarget(
        name=name,
        state=_state(wrong, engine.place),
        runtimes=(f"{engine.title} {engine.version()}",),
        detail=wrong or "",
    )


def _state(wrong: str | None, folder: Path) -> State:
    if wrong is None:
        return "ok"
    return "broken" if folder.exists() else "missing"
