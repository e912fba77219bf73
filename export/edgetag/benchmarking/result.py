"""What the bench stage leaves: latency, load time, memory and size, and the budgets on them."""

from typing import ClassVar, Literal

from pydantic import Field

from edgetag.machine import Machine
from edgetag.recipe import Variant
from edgetag.records import Record, Result

BudgetName = Literal[
    "max_latency_ms",
    "max_latency_ratio",
    "max_size_bytes",
    "max_size_ratio",
    "max_peak_memory_bytes",
]
BudgetVerdict = Literal["within", "broken", "not measured"]


class Latency(Record):
    """Percentiles of the time of one inference, in milliseconds."""

    p50: float
    p90: float
    p99: float


class Measurement(Record):
    """One variant on one runtime with one number of threads.

    Attributes:
        variant: Which file.
        runtime: Which engine.
        runtime_version: Its version.
        device: The CPU's name.
        threads: Given to the engine.
        runs: Timed inferences, after the warm-up.
        latency_ms: Of the engine's invoke call alone, batch 1; the input is set before.
        load_ms: Median of five loads, with the file in the page cache.
        peak_memory_bytes: Growth of the peak resident memory of a fresh process by loading the
            file and running it, above what it had after importing the engine. Pages of the
            mapped file count. None where the system does not tell.
        size_bytes: Of the file.
        gzip_bytes: Of the file after gzip.
    """

    variant: Variant
    runtime: str
    runtime_version: str
    device: str
    threads: int
    runs: int
    latency_ms: Latency
    load_ms: float
    peak_memory_bytes: int | None
    size_bytes: int
    gzip_bytes: int


class Failure(Record):
    """A variant that a runtime did not load or run; `reason` is one line."""

    variant: Variant
    runtime: str
    threads: int
    reason: str


class MissingRuntime(Record):
    """A runtime of the recipe that this machine does not have."""

    runtime: str
    reason: str


class BudgetCheck(Record):
    """One limit of the recipe against what was measured.

    Attributes:
        variant: Which file.
        budget: The key in the recipe.
        limit: Its value.
        measured: None where there is no measurement.
        verdict: A limit that could not be measured is not kept.
    """

    variant: Variant
    budget: BudgetName
    limit: float
    measured: float | None
    verdict: BudgetVerdict


class BenchResult(Result):
    """`bench/bench.json`."""

    SCHEMA: ClassVar[str] = "edgetag.bench/1.0"
    machine: Machine
    budget_runtime: str
    budget_threads: int
    results: tuple[Measurement, ...]
    failures: tuple[Failure, ...] = ()
    missing_runtimes: tuple[MissingRuntime, ...] = ()
    budgets: tuple[BudgetCheck, ...] = Field(default=(), description="Every limit that is set.")

    @property
    def accepted(self) -> bool:
        """Whether every budget is kept."""
        return all(check.verdict == "within" for check in self.budgets)

    def find(self, variant: str, runtime: str, threads: int) -> Measurement | None:
        """Return the measurement of a variant, None where there is none."""
        for result in self.results:
            if (result.variant, result.runtime, result.threads) == (variant, runtime, threads):
                return result
        return None
