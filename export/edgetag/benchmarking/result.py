"""What the bench stage leaves: latency, load time, memory and size, and the budgets on them."""

from typing import ClassVar, Literal

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.judging.checks import Bounds, OfVariant, ReasonedCheck
from edgetag.judging.decisions import EXIT_CODES, worst
from edgetag.machine import Acceleration, Machine
from edgetag.records import Record, Result

DOUBT = 2.0
"""Of an unstable figure: another process on the same core takes half of its time, so that a change
beyond twice as much is not the machine's mood."""


class Latency(Record):
    """Percentiles of the time of one inference, in milliseconds.

    Intervals are those of quantiles by the ranks of the runs, at 95 %, wider where neighbouring
    runs are alike; see `latency.interval`. They are about this benchmark's runs: another hour or
    another process may differ by more. None where the runs are too few for an interval of that
    percentile.
    """

    p50: float = Field(gt=0, allow_inf_nan=False)
    p90: float
    p99: float
    p50_interval: Bounds | None = None
    p90_interval: Bounds | None = None
    p99_interval: Bounds | None = None


def is_stable(warm: bool, spread: float, max_spread: float) -> bool:
    """Tell whether a figure can be trusted: its warm-up settled, and runs lie close enough."""
    return warm and spread <= max_spread


class Ratio(Record):
    """A file's time as a share of fp32's, in the same rounds.

    Attributes:
        p50: Median over rounds of the one time divided by the other. Files take turns, so that a
            slow moment of the machine slows both, and the ratio stays.
        interval: Interval of this median at 95 %, as in `Latency`; None where rounds are too few.
    """

    p50: float
    interval: Bounds | None


class Conditions(Record):
    """What the machine was like before and after one runtime was timed.

    Attributes:
        runtime: The engine.
        threads: Given to the engine.
        load: Load of the last minute, as the system tells it: processes that ran or waited.
        cpu_mhz: Mean over cores; None where the system does not tell.
        governor: What sets the frequency; None where the system does not tell.
    """

    runtime: str
    threads: int
    load: Bounds | None
    cpu_mhz: tuple[float | None, float | None]
    governor: str | None


class Measurement(Record):
    """One variant on one runtime with one number of threads.

    Attributes:
        variant: Which file.
        runtime: Which engine.
        runtime_version: Its version.
        device: The CPU's name.
        threads: Given to the engine.
        accelerator: What was asked for, and what ran; None before schema 1.5.
        runs: Timed inferences, after the warm-up.
        batch: Images of one inference; latencies are of the whole batch.
        sha256: Digest of the file.
        warmup_runs: Inferences before the first timed one.
        warm: Whether its latencies had settled when the warm-up ended.
        spread: `(p90 - p10) / p50` of the latencies.
        stable: Whether the warm-up settled and the spread is within the recipe's `max_spread`; a
            figure that is not stable is marked wherever it is shown.
        ratio: To fp32 on the same runtime and threads; None where fp32 was not timed beside it.
        latency_ms: Latency of the engine's invoke call alone, batch 1; the input is set before.
        load_ms: Median of five loads, with the file in the page cache.
        peak_memory_bytes: Growth of the peak resident memory of a fresh process by loading the
            file and running it, above what it had after importing the engine. Pages of the
            mapped file count. None where the system does not tell.
        size_bytes: Bytes of the file.
        gzip_bytes: Bytes of the file after gzip.
    """

    variant: str
    runtime: str
    runtime_version: str
    device: str
    threads: int
    accelerator: Acceleration | None = None
    runs: int
    batch: int = 1
    sha256: str = ""
    warmup_runs: int = 0
    warm: bool = True
    spread: float | None = None
    stable: bool = True
    ratio: Ratio | None = None
    latency_ms: Latency
    load_ms: float
    peak_memory_bytes: int | None
    size_bytes: int
    gzip_bytes: int


class Desktop(Record):
    """The float model under an engine of desktops on this machine, all cores or the GPU.

    Float32 throughout; on a GPU without TensorFloat-32.

    Attributes:
        engine: TensorFlow, ONNX Runtime or PyTorch.
        version: Its version.
        accelerator: What it was asked for, and what ran; None before schema 1.6.
        device: The GPU's name where there is one, else the CPU's.
        driver: Version of NVIDIA's; empty on the CPU, and where nvidia-ml-py is missing.
        batch: Images of one inference: 1, and the number with the highest rate.
        runs: Timed inferences.
        latency_ms: Latency of the whole batch.
        images_per_s: At the median.
        spread: `(p90 - p10) / p50`.
        warm: Whether the warm-up ended because latencies had settled.
        stable: Whether it did, and the spread is within the recipe's `max_spread`.
        peak_gpu_bytes: Memory of the GPU in use above what was before; None where no driver tells.
        joules_per_image: Energy of the whole GPU by images; likewise.
    """

    engine: str
    version: str
    accelerator: Acceleration | None = None
    device: str
    driver: str = ""
    batch: int
    runs: int
    latency_ms: Latency
    images_per_s: float
    spread: float
    warm: bool = True
    stable: bool
    peak_gpu_bytes: int | None = None
    joules_per_image: float | None = None


class Failure(Record):
    """A variant that a runtime did not load or run; `reason` is one line.

    `accelerator` says what was asked for, and nothing ran; it is None before schema 1.5. `sha256`
    is the file's digest, empty before schema 1.7.
    """

    variant: str
    runtime: str
    threads: int
    accelerator: Acceleration | None = None
    reason: str
    sha256: str = ""


class MissingRuntime(Record):
    """A runtime of the recipe that this machine does not have.

    `accelerator` says what would have been asked for; it is None before schema 1.6. `threads` is
    None where all is missing, as before schema 1.8: else the runtime is here, and the machine has
    fewer cores.
    """

    runtime: str
    threads: int | None = None
    accelerator: Acceleration | None = None
    reason: str


class BudgetCheck(ReasonedCheck, OfVariant):
    """A limit on latency, size or memory against what was measured.

    A latency and a ratio of two are estimates, with an interval at 95 %. One of an unstable figure
    is undecided; a ratio is so where one `DOUBT` times farther from 1 would be judged otherwise. A
    file that the budget's runtime fails on keeps no limit that needs a measurement; where this
    machine lacks the runtime or cannot tell memory, it is undecided.
    """

    p_fail: None = Field(None, exclude=True)
    needs: None = Field(None, exclude=True)


class BenchResult(Result):
    """`bench/bench.json`.

    Attributes:
        machine: What it ran on.
        mode: `full` took at least 1,024 runs and 60 s per figure, as MLPerf Mobile does; `quick`
            fewer.
        measured_at: When it ended, UTC.
        conditions: The machine's load and frequency around each runtime.
        budget_runtime: The runtime on which latency and memory are judged,
        budget_threads: with so many threads.
        results: One entry per variant, runtime and number of threads that was measured.
        desktop: The float model on engines of desktops; empty where none is here.
        failures: One entry per variant, runtime and number of threads that was not.
        missing_runtimes: Runtimes of the recipe that this machine lacks, or lacks the cores for.
        budgets: Every limit on latency, size and memory that the recipe sets.
    """

    SCHEMA: ClassVar[str] = "edgetag.bench/1.8"
    machine: Machine
    mode: Literal["quick", "full"] = "quick"
    measured_at: str = ""
    conditions: tuple[Conditions, ...] = ()
    budget_runtime: str
    budget_threads: int
    results: tuple[Measurement, ...]
    desktop: tuple[Desktop, ...] = ()
    failures: tuple[Failure, ...] = ()
    missing_runtimes: tuple[MissingRuntime, ...] = ()
    budgets: tuple[BudgetCheck, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """That of the worst budget; 0 without any."""
        return EXIT_CODES[worst((budget.verdict for budget in self.budgets), of_none="pass")]

    def find(self, variant: str, runtime: str, threads: int) -> Measurement | None:
        """Return the measurement of a variant, None where there is none."""
        wanted = (variant, runtime, threads)
        return next((m for m in self.results if (m.variant, m.runtime, m.threads) == wanted), None)
