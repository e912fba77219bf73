"""The engines that run `.tflite` files. Each is a file in `edgetag/runtimes`, imported on use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgetag.catalogue import Numbers, by_name

Use = Literal["recipe", "request", "elsewhere", "comparison"]
Accelerator = Literal["cpu", "gpu", "npu"]


@dataclass(frozen=True)
class EngineLine:
    """What is known of an engine before it is imported.

    Attributes:
        name: As recipes and `--on` write it; its file has `_` for `-`.
        use: recipe: it runs files on this machine, and does unless a recipe names others; request:
            it runs files on this machine where a recipe names it; elsewhere: it is
            another machine's, asked for by `--on`; comparison: nobody names it, other machines
            are held against it.
        accelerator: What it asks its runtime for, alone, so that the runtime runs a file there or
            refuses it.
        imports: The module of its Python package; empty where it has none.
        tells: Whether what runs a file may be something else, which its worker tells: a browser
            computes shaders in software where it has no GPU.
        same_here: For files that compute in these numbers, the engine of this machine that gives
            the scores that it must give on another one; where nothing is said, it is its own.
        keeps_integers: Whether files of integers are computed in integers.
        explains: Whether it runs a file's second signature, which gives heat maps.
    """

    name: str
    use: Use
    accelerator: Accelerator
    imports: str = ""
    tells: bool = False
    same_here: Mapping[Numbers, str] = field(default_factory=dict)
    keeps_integers: bool = True
    explains: bool = True


AS_LITERT: Mapping[Numbers, str] = dict.fromkeys(("integer", "float", "mixed"), "litert")

ENGINES = by_name(
    EngineLine("litert", "recipe", "cpu", "ai_edge_litert.interpreter"),
    # On ARM it computes integers as its reference kernels do on x86, and its default kernels on
    # x86 round otherwise, by up to 0.02.
    EngineLine(
        "tflite-runtime",
        "recipe",
        "cpu",
        "tflite_runtime.interpreter",
        same_here={"integer": "tflite-runtime-reference"},
    ),
    EngineLine("tflite-runtime-reference", "comparison", "cpu", "tflite_runtime.interpreter"),
    # LiteRT's newer interface. It gives the scores of its interpreter: it is run where asked for.
    EngineLine("litert-compiled", "request", "cpu", "ai_edge_litert.compiled_model"),
    # Integers and floats as LiteRT, both by XNNPACK; float activations on integer weights by the
    # kernels of its time, as tflite-runtime. LiteRT's newer ones were up to 0.09 away from both.
    EngineLine(
        "wasm",
        "elsewhere",
        "cpu",
        same_here={"integer": "litert", "float": "litert", "mixed": "tflite-runtime"},
        explains=False,
    ),
    EngineLine("browser", "elsewhere", "cpu", same_here=AS_LITERT, explains=False),
    # Shaders take the steps of integers as floats, and round nothing in between.
    EngineLine(
        "browser-webgpu",
        "elsewhere",
        "gpu",
        tells=True,
        same_here=AS_LITERT,
        keeps_integers=False,
        explains=False,
    ),
)
"""The first is the default. Emulated machines run the first two, as `litert@arm64`."""

RUNTIMES = tuple(name for name, line in ENGINES.items() if line.use in ("recipe", "request"))
"""Names that a recipe may use."""

DEFAULT_RUNTIMES = tuple(name for name in RUNTIMES if ENGINES[name].use == "recipe")
"""Those that it uses unless it names others."""

DEFAULT_ENGINE = DEFAULT_RUNTIMES[0]
"""The one of current apps, which `pip install edgetag` brings: it is taken where one is enough."""
