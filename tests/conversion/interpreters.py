"""The interpreters that converted files are tried on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ai_edge_litert.interpreter import Interpreter as LiteRT

Exported = Callable[[str], Path]


def runtimes() -> list[Any]:
    try:
        from tflite_runtime.interpreter import Interpreter as TFLiteRuntime
    except ModuleNotFoundError:  # no wheel for this Python
        return [LiteRT]
    return [LiteRT, TFLiteRuntime]
