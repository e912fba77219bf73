"""The engines by name."""

from edgetag.errors import InputError
from edgetag.runtimes.litert import LiteRT
from edgetag.runtimes.protocol import Engine
from edgetag.runtimes.tflite_runtime import TFLiteRuntime
from edgetag.runtimes.wasm import Wasm

ENGINES: tuple[Engine, ...] = (LiteRT(), TFLiteRuntime())
"""Those of this machine that a recipe may name."""

TARGETS: tuple[Engine, ...] = (Wasm(),)
"""Those that run elsewhere than in a Python process of this machine."""


def names() -> tuple[str, ...]:
    """Return the names that a recipe may use, the default engine first."""
    return tuple(engine.name for engine in ENGINES)


def target_names() -> tuple[str, ...]:
    """Return the names of the other engines."""
    return tuple(engine.name for engine in TARGETS)


def get(name: str) -> Engine:
    """Return an engine, whether it is available here or not.

    Args:
        name: One of `names` or of `target_names`.

    Raises:
        InputError: There is none of this name.
    """
    for engine in (*ENGINES, *TARGETS):
        if engine.name == name:
            return engine
    raise InputError(f"runtime {name!r} is not one of: {', '.join((*names(), *target_names()))}")
