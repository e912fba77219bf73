"""The engines by name; which there are is in `catalogue.engines`."""

from importlib import import_module
from typing import cast

from edgetag.catalogue import module_of
from edgetag.catalogue.engines import ENGINES as LINES
from edgetag.catalogue.engines import RUNTIMES
from edgetag.errors import InputError
from edgetag.runtimes.here import EngineHere
from edgetag.runtimes.protocol import Engine, Loader


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
        raise InputError(f"the runtime {name} loads no file in a process of this Python")
    return engine


ENGINES = tuple(get(name) for name in RUNTIMES)
"""Those of this machine that a recipe may name."""
