"""The engines that run `.tflite` files. Each is a file in `edgetag/runtimes`, imported on use."""

from dataclasses import dataclass
from typing import Literal

from edgetag.catalogue import by_name

Use = Literal["recipe", "elsewhere", "comparison"]


@dataclass(frozen=True)
class EngineLine:
    """What is known of an engine before it is imported.

    Attributes:
        name: As recipes and `--on` write it; its file has `_` for `-`.
        use: recipe: it runs files on this machine, and recipes may name it; elsewhere: it is
            another machine's, asked for by `--on`; comparison: nobody names it, other machines
            are held against it.
        imports: The module of its Python package; empty where it has none.
    """

    name: str
    use: Use
    imports: str = ""


ENGINES = by_name(
    EngineLine("litert", "recipe", "ai_edge_litert.interpreter"),
    EngineLine("tflite-runtime", "recipe", "tflite_runtime.interpreter"),
    EngineLine("tflite-runtime-reference", "comparison", "tflite_runtime.interpreter"),
    EngineLine("wasm", "elsewhere"),
)
"""The first is the default. Emulated machines run the first two, as `litert@arm64`."""

RUNTIMES = tuple(name for name, line in ENGINES.items() if line.use == "recipe")
"""Names that a recipe may use."""
