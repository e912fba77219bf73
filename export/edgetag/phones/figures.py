"""Figures of phones: times, scores, and how a phone felt while they were taken."""

from typing import Literal

from pydantic import Field

from edgetag.phones.job import RunsOn
from edgetag.recipe import Variant
from edgetag.records import Record

DelegateName = Literal["auto", "cpu", "xnnpack", "gpu", "npu"]
"""What a run asks for. `auto` leaves it to benchmark_model, `cpu` turns XNNPACK off; `npu` is for
apps and runners."""

Taken = Literal["all", "part", "none", "unknown"]


def processor_of(delegate: DelegateName) -> RunsOn:
    """Return what an app and a runner take for a delegate: benchmark_model's others are CPU."""
    return delegate if delegate in ("gpu", "npu") else "cpu"


class Condition(Record):
    """How a phone felt at one moment; None is what it does not tell.

    Attributes:
        thermal_status: 0 none, 1 light, 2 moderate, 3 severe, 4 critical, 5 emergency, 6 shutdown.
        hottest_sensor_status: The worst status of a single sensor, on the same scale.
        temperatures_c: Sensor → degrees Celsius.
        battery_percent: Charge.
        battery_temperature_c: Degrees Celsius.
        powered: Whether a cable powers it.
        battery_saver: Whether Android's battery saver is on.
        screen: `awake`, `asleep`, `dozing` or `dreaming`.
        locked: Whether it wants a PIN.
    """

    thermal_status: int | None
    hottest_sensor_status: int | None
    temperatures_c: dict[str, float]
    battery_percent: int | None
    battery_temperature_c: float | None
    powered: bool | None
    battery_saver: bool | None
    screen: str | None
    locked: bool | None


class PhoneLatency(Record):
    """Times of one inference in milliseconds, as benchmark_model gives them.

    It gives no single times and no 90th percentile: none is made up here.

    `std` is None for a single run; percentiles are None from builds that do not print them.
    """

    runs: int
    avg: float
    std: float | None
    min: float
    max: float
    p5: float | None
    p50: float | None
    p95: float | None


class Delegation(Record):
    """Which operators a delegate took.

    Attributes:
        delegate: As benchmark_model calls it, such as `XNNPACK` or `GPU`.
        taken: Part of the graph; `unknown` where the output does not say.
        nodes: How many operators it took; None where the output does not say.
        of_nodes: How many nodes the graph has.
        kernels: Nodes they were fused into.
        operators: Which it took, by type, where there is a profile: those of the file that the
            profile does not show outside of delegates; empty where that is not known.
        share_of_time: Share of an inference's time within it, by the profile; None without one.
    """

    delegate: str
    taken: Taken
    nodes: int | None = None
    of_nodes: int | None = None
    kernels: int | None = None
    operators: dict[str, int] = Field(default_factory=dict)
    share_of_time: float | None = Field(default=None, ge=0, le=1)

    @property
    def share_of_operators(self) -> float | None:
        """How much of the graph it took, 0..1; None where the output does not say."""
        if self.taken == "all":
            return 1.0
        if self.taken == "none":
            return 0.0
        return self.nodes / self.of_nodes if self.nodes is not None and self.of_nodes else None


class OperatorTime(Record):
    """Operators of one type in the profile.

    Attributes:
        operator: Its type; within a delegate, the delegate's own name for it.
        within_delegate: Whether a delegate ran it.
        count: Rows of the profile.
        avg_ms: Time of all of them in one inference.
    """

    operator: str
    within_delegate: bool
    count: int
    avg_ms: float


class PhoneRound(Record):
    """One round of a file.

    Attributes:
        latency_ms: Latency of one inference.
        thermal_status: The worst before and after, of the phone and its sensors; None where it
            does not tell.
    """

    latency_ms: PhoneLatency
    thermal_status: int | None


class PhoneMeasurement(Record):
    """One file on one phone.

    Attributes:
        phone: Its id.
        variant: Which file,
        sha256: its digest,
        size_bytes: and size.
        threads: Given to benchmark_model.
        requested: What was asked for.
        latency_ms: Latency of one inference, over all rounds; see `rounds.together`.
        rounds: Each by itself; between two of a file, all other files had their turn.
        warmup_avg_ms: Mean of the first round's warm-up; None without one.
        first_ms: The very first inference; None from builds that do not print it.
        init_ms: Loading the file and preparing it, delegates included; the median of the rounds.
        memory_init_mb: Growth of memory by then, in MB as benchmark_model prints it.
        memory_overall_mb: Growth by the end, likewise.
        delegations: Which delegates took what.
        operators: From a second, shorter run with profiling; empty without one.
        before: How the phone felt before the first round,
        after: and after the last.
        throttled: Whether the phone was slowing itself down at any of its rounds.
        notes: What speaks against the figures, in words.
        command: What was run in each round, with the file names of the phone.
        gpu_precision: What a GPU computed in; None where none was asked for, or where the build of
            benchmark_model does not say that it took the wish for float32.
        fixed_performance: Whether the phone's clocks were held; None where nobody asked, and
            before schema 1.8, where `PhoneRecord` says it.
        measured_at: UTC, ISO 8601; empty before schema 1.9, where `PhonesResult` says it.
    """

    phone: str
    variant: Variant
    sha256: str
    size_bytes: int
    threads: int
    requested: DelegateName
    latency_ms: PhoneLatency
    rounds: tuple[PhoneRound, ...] = ()
    warmup_avg_ms: float | None
    first_ms: float | None
    init_ms: float
    memory_init_mb: float | None
    memory_overall_mb: float | None
    delegations: tuple[Delegation, ...]
    operators: tuple[OperatorTime, ...]
    before: Condition
    after: Condition
    throttled: bool
    notes: tuple[str, ...]
    command: str
    gpu_precision: Literal["float32"] | None = None
    fixed_performance: bool | None = None
    measured_at: str = ""


class AppPercentiles(Record):
    """Percentiles of single inferences in milliseconds, as the app takes them."""

    runs: int
    p50: float
    p90: float
    p99: float


class AppEngineRecord(Record):
    """What ran a file in the demo app.

    Attributes:
        name: Name of the library,
        version: and its version.
        threads: It used.
        delegate: Always what was asked for, since anything else is a failure.
        self_test_family: Family of kernels whose golden scores it gave; None without a self-test.
        self_test_max_difference: The largest between its golden scores and theirs.
    """

    name: str
    version: str
    threads: int
    delegate: RunsOn
    self_test_family: str | None
    self_test_max_difference: float | None

    @property
    def label(self) -> str:
        """Return the engine as people read it."""
        return f"{self.name} {self.version}, {self.delegate.upper()}"


class AppMeasurement(Record):
    """One file timed in the demo app on one phone.

    Attributes:
        phone: Its id.
        variant: Which file,
        sha256: and its digest.
        engine: What ran it.
        latency_ms: Of single inferences, over all rounds; see `rounds.percentiles_together`.
        rounds: Each by itself; between two of a file, all other files had their turn.
        load_ms: Loading and preparing the file; the median of the rounds.
        before: How the phone felt before the first round; None where adb did not ask it,
        after: and after the last.
        throttled: Whether the phone was slowing itself down at any of its rounds.
        notes: What speaks against the figures, in words.
        cpusets: The sets of processors that Android gave the app in its rounds, such as `/top-app`;
            none where the app tells of none.
        fixed_performance: See `PhoneMeasurement`.
    """

    phone: str
    variant: Variant
    sha256: str
    engine: AppEngineRecord
    latency_ms: AppPercentiles
    rounds: tuple[AppPercentiles, ...]
    load_ms: float
    before: Condition | None
    after: Condition | None
    throttled: bool
    notes: tuple[str, ...]
    cpusets: tuple[str, ...] = ()
    fixed_performance: bool | None = None


class PhoneScores(Record):
    """Scores of one file on a phone, beside LiteRT's on this machine.

    Attributes:
        phone: Its id.
        variant: Which file,
        sha256: and its digest.
        runner_sha256: Digest of the user's runner; None where the app scored.
        file: Where the scores lie, relative to the run folder.
        images: Images of the split that decides, evenly spread, with scores.
        lacking: Images without scores.
        seconds: The time on the phone, loading included; None where adb did not wait for it.
        map: Mean average precision of the phone's scores; None where no tag can be scored.
        host_map: Mean average precision of the host's scores of the same images.
        max_difference: The largest between two scores of an image and tag.
        mean_difference: The mean of them.
        engine: What ran it in the demo app; None where a runner did.
        asked_for: What a runner was asked to run it on; None before schema 1.10.
    """

    phone: str
    variant: Variant
    sha256: str
    runner_sha256: str | None
    file: str
    images: int
    lacking: int = 0
    seconds: float | None
    map: float | None
    host_map: float | None
    max_difference: float
    mean_difference: float
    engine: AppEngineRecord | None = None
    asked_for: RunsOn | None = None

    @property
    def by(self) -> str:
        """Return what scored, as people read it."""
        if self.engine:
            return self.engine.label
        return f"runner, {self.asked_for.upper()}" if self.asked_for else "runner"
