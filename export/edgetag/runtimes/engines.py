"""The engines by name."""

from edgetag.errors import InputError
from edgetag.runtimes.litert import LiteRT
from edgetag.runtimes.protocol import Engine
from edgetag.runtimes.tflite_runtime import TFLiteRuntime

ENGINES: tuple[Engine, ...] = (LiteRT(), TFLiteRuntime())


def names() -> tuple[str, ...]:
    """Return the names that `get` knows, the default engine first."""
    return tuple(engine.name for engine in ENGINES)


def get(name: str) -> Engine:
    """Return an engine, whether it is available here or not.

    Raises:
        InputError: There is none of this name.
    """
    for engine in ENGINES:
        if engine.name == name:
            return engine
    raise InputError(f"runtime {name!r} is not one of: {', '.join(names())}")
