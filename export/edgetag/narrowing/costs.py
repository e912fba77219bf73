"""What files cost that narrower networks would be exported as, before any is trained.

Size, latency and instructions follow from the widths of layers and not from their weights. So a
network of some widths is converted with weights of no training, and measured.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from edgetag.benchmarking.latency import percentiles, ratio
from edgetag.benchmarking.measure import Plan, Times, measure
from edgetag.catalogue.variants import VARIANTS
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import BenchmarkSection, Recipe, Variant
from edgetag.runtimes import LoadFailure
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.sampling import spread
from edgetag.targets.asked import engine_of_budgets
from edgetag.targets.counting.one_file import count_file
from edgetag.targets.scoring import Pictures
from edgetag.workspace import Workspace

TIMED = frozenset({"max_latency_ms", "max_latency_ratio"})
COUNTED = frozenset({"max_arm_instructions", "max_arm_instructions_ratio"})

IMAGES = 8
"""Training images that calibrate sketches and are fed to them: costs do not depend on them."""


class Meter:
    """Measures what a recipe's limits are about, of files of some widths.

    Args:
        recipe: The recipe.
        workspace: Has pictures to feed.
        variant: Which the files would be.
        keys: The limits.
        folder: Receives the files.

    Raises:
        InputError: Instructions are asked for, and the emulated machine is not set up.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        variant: Variant,
        keys: frozenset[str],
        folder: Path,
    ) -> None:
        self._recipe = recipe
        self._workspace = workspace
        self._variant = variant
        self._keys = keys
        self._folder = folder
        self._dataset = open_dataset(workspace)
        self._rows = spread(self._dataset.rows("train"), IMAGES)
        self._engine = (
            engine_of_budgets(recipe, recipe.compress.channels.runtime) if keys & COUNTED else None
        )

    def costs(self, widths: Mapping[str, int]) -> tuple[dict[str, float], dict[str, float]]:
        """Return what a network of some widths comes to, and the whole one, each by limit.

        Args:
            widths: Layer → channels.

        Raises:
            InputError: The network cannot be converted, or a file cannot be run.
        """
        file, whole = self._sketch("narrower", widths), self._whole
        size, whole_size = file.stat().st_size, whole.stat().st_size
        costs = _pairs("size_bytes", "size_ratio", size, whole_size)
        if self._keys & TIMED:
            costs |= self._latencies(file, whole)
        if self._engine is not None:
            count, whole_count = self._count(file, self._engine), self._whole_count
            costs |= _pairs("arm_instructions", "arm_instructions_ratio", count, whole_count)
        here, there = (
            {key: costs[key][side] for key in costs if key in self._keys} for side in (0, 1)
        )
        return here, there

    @cached_property
    def _whole(self) -> Path:
        return self._sketch("whole", {})

    def _sketch(self, name: str, widths: Mapping[str, int]) -> Path:
        """Write the int8 file of a network with so many channels, with weights of no training."""
        from edgetag.narrowing.sketching import sketch  # TensorFlow

        data = sketch(
            self._recipe, widths, "int8", self._dataset.images(self._rows), told_as=self._variant
        )
        file = self._folder / f"{name}.tflite"
        file.write_bytes(data)
        return file

    def _latencies(self, file: Path, whole: Path) -> dict[str, tuple[float, float]]:
        """Time both in the same rounds; of the narrower one the interval's upper end counts."""
        effort = BenchmarkSection()
        plan = Plan(
            runtime=self._recipe.compress.channels.runtime,
            threads=1,
            contract=self._recipe.network.preprocessing(),
            pixels=self._dataset.images(self._rows),
            warmup_runs=effort.warmup_runs,
            runs=effort.runs,
            seed=self._recipe.seed,
        )
        outcomes = measure([file, whole], plan, SilentProgress())
        times, whole_times = (self._times(outcome) for outcome in outcomes)
        median, shares = percentiles(times), ratio(times, whole_times)
        if shares is None:
            raise RuntimeError("two files were not timed in the same rounds")
        costs = {
            "max_latency_ms": (
                _upper(median.p50, median.p50_interval),
                percentiles(whole_times).p50,
            )
        }
        return costs | {"max_latency_ratio": (_upper(shares.p50, shares.interval), 1.0)}

    def _times(self, outcome: Times | str) -> Sequence[float]:
        if isinstance(outcome, Times):
            return outcome.latencies_ms
        runtime = self._recipe.compress.channels.runtime
        raise InputError(f"{VARIANTS[self._variant].narrow} on {runtime}: {outcome}")

    @cached_property
    def _whole_count(self) -> int:
        return self._count(
            self._whole, engine_of_budgets(self._recipe, self._recipe.compress.channels.runtime)
        )

    def _count(self, file: Path, engine: Emulated) -> int:
        pictures = Pictures(
            self._workspace.cache,
            self._rows[:1],
            self._recipe.network.preprocessing(),
            limit_s=self._recipe.targets.time_limit_s,
        )
        counted = count_file(file, engine, pictures)
        if isinstance(counted, LoadFailure):
            narrow = VARIANTS[self._variant].narrow
            raise InputError(f"{narrow} on {engine.name}: {counted.reason}")
        return counted[0]


def _pairs(key: str, ratio_key: str, cost: int, whole: int) -> dict[str, tuple[float, float]]:
    return {f"max_{key}": (cost, whole), f"max_{ratio_key}": (cost / whole, 1.0)}


def _upper(value: float, bounds: tuple[float, float] | None) -> float:
    return bounds[1] if bounds else value
