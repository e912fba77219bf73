"""The engines by name; which there are is in `catalogue.engines`."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from edgetag.catalogue import module_of
from edgetag.catalogue.engines import ENGINES as LINES
from edgetag.catalogue.engines import RUNTIMES
from edgetag.errors import InputError
from edgetag.runtimes.here import EngineHere
from edgetag.runtimes.protocol import Engine, Loader

if TYPE_CHECKING:
    from edgetag.machine import Acceleration


def names() -> tuple[str, ...]:
    """Return the names that a recipe may use, the default engine first."""
    return RUNTIMES


def target_names() -> tuple[str, ...]:
    """Return the names of engines elsewhere: WebAssembly, emulated machines (`litert@arm64`)."""
    from edgetag.runtimes.emulation import engine as emulated

    elsewhere = (name for name, line in LINES.items() if line.use == "elsewhere")
    return (*elsewhere, *emulated.names())


def get(name: str) -> Engine:
    """Return an engine, whether it is available here or not.

    Args:
        name: One of the catalogue's, or of `target_names`.

    Raises:
        InputError: There is none of this name.
    """
    if "@" in name:
        # Imported late: the process that runs a model has no use for it.
        from edgetag.runtimes.emulation import engine as emulated

        return emulated.get(name)
    if name not in LINES:
        raise InputError(
            f"runtime {name!r} is not one of: {', '.join((*names(), *target_names()))}"
        )
    return cast("Engine", import_module(f"edgetag.runtimes.{module_of(name)}").ENGINE)


def loader(name: str) -> Loader:
    """Return what loads a runtime's files into this process, which a damaged one may crash.

    Args:
        name: What an engine calls it, `Engine.inner`.

    Raises:
        InputError: Files of the runtime are never loaded by Python, or there is none of this name.
    """
    engine = get(name)
    if not isinstance(engine, EngineHere):
        here = [other for other in names() if isinstance(get(other), EngineHere)]
        raise InputError(
            f"the runtime {name} loads no file in a process of this Python; name one of: "
            f"{', '.join(here)}"
        )
    return engine


def acceleration(name: str, outcome: object = None) -> "Acceleration | None":
    """Return what an engine asked its runtime for, and what ran a file.

    No engine asks for two accelerators at once. LiteRT's CompiledModel gives a file to those alone
    that it was asked for, and refuses it where they do not take all of it. So what ran is what was
    asked for, or nothing, unless a worker told otherwise. `CompiledModel.is_fully_accelerated` does
    not tell which: it is also true where the CPU's fast kernels run the whole file in place of an
    NPU.

    Args:
        name: As recipes name it; `litert@arm64` asks as `litert` does.
        outcome: What came of running the file: a `LoadFailure`, or its reason, where nothing did; a
            `ScoreRun` of an engine whose worker tells what ran.

    Returns:
        None of a name that the catalogue lacks, and where only a worker can tell what ran, and
        none did.
    """
    # Late: a process that runs a model needs no pydantic.
    from edgetag.machine import Acceleration
    from edgetag.runtimes.scoring import LoadFailure, ScoreRun

    line = LINES.get(name.partition("@")[0])
    if line is None:
        return None
    reason = outcome.reason if isinstance(outcome, LoadFailure) else outcome
    if isinstance(reason, str) and reason:
        return Acceleration(requested=line.accelerator, used=None, reason=reason)
    if isinstance(outcome, ScoreRun) and outcome.used is not None:
        return Acceleration(requested=line.accelerator, used=outcome.used, reason=outcome.why)
    return None if line.tells else Acceleration(requested=line.accelerator, used=line.accelerator)


ENGINES = tuple(get(name) for name in RUNTIMES)
"""Those of this machine that a recipe may name."""
