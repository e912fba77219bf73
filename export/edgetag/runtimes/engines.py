"""The engines by name."""

from edgetag.errors import InputError
from edgetag.runtimes.litert import LiteRT
from edgetag.runtimes.protocol import Engine
from edgetag.runtimes.tflite_runtime import TFLiteRuntime
from edgetag.runtimes.wasm import Wasm

ENGINES: tuple[Engine, ...] = (LiteRT(), TFLiteRuntime())
"""Runtimes of this machine, which load models in a Python process."""

TARGETS: tuple[Engine, ...] = (Wasm(),)
"""Runtimes elsewhere, which are only ever launched."""


def names() -> tuple[str, ...]:
    """Return the names that `get` knows, the default engine first."""
    return tuple(engine.name for engine in (*ENGINES, *TARGETS))


def get(name: str) -> Engine:
    """Return an engine, whether it is available here or not.

    Raises:
        InputError: There is none of this name.
    """
    for engine in (*ENGINES, *TARGETS):
        if engine.name == name:
            return engine
    raise InputError(f"runtime {name!r} is not one of: {', '.join(names())}")
