"""What a `.tflite` file costs: bytes, multiplications, and what this machine measures of it."""

import statistics
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from edgetag.benchmarking.measure import Plan, Times, measure, too_many
from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.conversion.flatfile import gzip_size, operators, parse_model
from edgetag.errors import InputError
from edgetag.machine import Acceleration
from edgetag.pixels import Pixels
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure, engines
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.search.result import Measures
from edgetag.targets.asked import engine_of_budgets
from edgetag.targets.counting.one_file import count_file
from edgetag.targets.scoring import Pictures
from edgetag.temporary_images import images_on_disk

MULTIPLYING = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
DEAR = {"latency_ms", "arm_instructions"}


class Meter:
    """Measures files: what is dear to measure only where a recipe's budgets or cost ask for it.

    Attributes:
        asked: What of that they ask for.

    Raises:
        InputError: Instructions or latencies are asked for, and this machine cannot measure them.
    """

    def __init__(self, recipe: Recipe) -> None:
        limited = {key.partition("_")[2] for key in recipe.search_budgets()}
        self.asked = DEAR & {recipe.search.cost, *limited}
        self._recipe = recipe
        self._times = "latency_ms" in self.asked
        self._counter: Emulated | None = None
        runtime = recipe.benchmark.budget_runtime
        missing = engines.get(runtime).available() or too_many(recipe.benchmark.budget_threads)
        if self._times and missing:
            raise InputError(f"latency is judged on {runtime}, but {missing}")
        if "arm_instructions" in self.asked:
            self._counter = engine_of_budgets(recipe, DEFAULT_ENGINE)

    def measure(self, file: Path, recipe: Recipe) -> Measures:
        """Measure a file of a candidate's recipe.

        Raises:
            InputError: It cannot be read or run.
        """
        data = file.read_bytes()
        size = recipe.network.input_size
        noise = np.random.default_rng(recipe.seed).integers(0, 256, (1, size, size, 3))
        pixels = noise.astype(np.uint8)
        ran = [self._recipe.benchmark.budget_runtime] if self._times else []
        ran += [self._counter.name] if self._counter else []
        return Measures(
            multiplications=multiplications(parse_model(data, file)),
            size_bytes=len(data),
            gzip_bytes=gzip_size(data),
            latency_ms=self._latency_ms(file, recipe, pixels) if self._times else None,
            arm_instructions=(
                _instructions(file, recipe, pixels, self._counter) if self._counter else None
            ),
            accelerators=accelerators(ran),
        )

    def _latency_ms(self, file: Path, recipe: Recipe, pixels: Pixels) -> float:
        section = self._recipe.benchmark
        plan = Plan.of(recipe, section.budget_runtime, section.budget_threads, pixels)
        (times,) = measure([file], plan, SilentProgress())
        if not isinstance(times, Times):
            raise InputError(f"{file.name} on {section.budget_runtime}: {times}")
        return statistics.median(times.latencies_ms)


def accelerators(names: Iterable[str]) -> dict[str, Acceleration]:
    """Return what engines that ran a file were asked for, and what ran."""
    said = {name: engines.acceleration(name) for name in names}
    return {name: each for name, each in said.items() if each is not None}


def multiplications(model: object) -> int:
    """Return the multiplications of convolutions and dense layers for one picture.

    Args:
        model: A parsed file; its first graph takes one picture.
    """
    graph = model.subgraphs[0]  # type: ignore[attr-defined]
    total = 0
    for operator in operators(model, graph):
        if operator.name in MULTIPLYING:
            weights = graph.tensors[operator.inputs[1]].shape
            out = graph.tensors[operator.outputs[0]].shape
            places = int(np.prod(out[1:3])) if len(out) == 4 else 1
            total += places * int(np.prod(weights))
    return total


def _instructions(file: Path, recipe: Recipe, pixels: Pixels, engine: Emulated) -> int:
    with images_on_disk(pixels, recipe.network.input_size) as folder:
        pictures = Pictures(
            folder,
            np.zeros(1, np.int64),
            recipe.network.preprocessing(),
            limit_s=recipe.targets.time_limit_s,
        )
        counted = count_file(file, engine, pictures)
    if isinstance(counted, LoadFailure):
        raise InputError(f"{file.name} on {engine.name}: {counted.reason}")
    return counted[0]
