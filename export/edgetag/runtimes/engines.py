"""The engines by name."""

from edgetag.errors import InputError
from edgetag.runtimes.litert import LiteRT
from edgetag.runtimes.protocol import Engine, HostEngine, Loader
from edgetag.runtimes.tflite_runtime import TFLiteReference, TFLiteRuntime
from edgetag.runtimes.wasm import Wasm

ENGINES: tuple[HostEngine, ...] = (LiteRT(), TFLiteRuntime())
"""Those of this machine that a recipe may name."""

WASM = Wasm()
REFERENCE = TFLiteReference()


def names() -> tuple[str, ...]:
    """Return the names that a recipe may use, the default engine first."""
    return tuple(engine.name for engine in ENGINES)


def target_names() -> tuple[str, ...]:
    """Return the names of engines elsewhere: WebAssembly, emulated machines (`litert@arm64`)."""
    from edgetag.runtimes.emulation import engine as emulated

    return (WASM.name, *emulated.names())


def get(name: str) -> Engine:
    """Return an engine, whether it is available here or not.

    Args:
        name: One of `names`, of `target_names`, or the reference's.

    Raises:
        InputError: There is none of this name.
    """
    if "@" in name:
        # Imported late: the process that runs a model has no use for it.
        from edgetag.runtimes.emulation import engine as emulated

        return emulated.get(name)
    every: tuple[Engine, ...] = (*ENGINES, WASM, REFERENCE)
    for engine in every:
        if engine.name == name:
            return engine
    raise InputError(f"runtime {name!r} is not one of: {', '.join((*names(), *target_names()))}")


def loader(name: str) -> Loader:
    """Return what loads a runtime's files into this process, which a damaged one may crash.

    Args:
        name: What an engine calls it, `Engine.inner`.

    Raises:
        InputError: Files of the runtime are never loaded by Python, or there is none of this name.
    """
    for engine in (*ENGINES, REFERENCE):
        if engine.name == name:
            return engine
    raise InputError(f"the runtime {name} loads no file in a process of this Python")
