"""What `edgetag phone` leaves: phones, figures, how the phones felt, and what went wrong."""

from collections.abc import Collection
from typing import ClassVar, Literal

from pydantic import Field

from edgetag.phones.problems import Problem
from edgetag.recipe import Variant
from edgetag.records import Record, Result

DelegateName = Literal["auto", "cpu", "xnnpack", "gpu"]
"""What a run asks for. `auto` leaves it to benchmark_model, `cpu` turns XNNPACK off."""

Taken = Literal["all", "part", "none", "unknown"]


class PhoneRecord(Record):
    """A phone.

    Attributes:
        id: Twelve hex digits of the SHA-256 of its serial number, which is nobody's business.
        manufacturer: As the phone tells it, like all below; "" where it does not.
        model: Such as `Pixel 8`.
        android: Version of Android.
        api: API level.
        build: Fingerprint of the system's build.
        soc: Chip.
        abis: Instruction sets it runs, the best first.
    """

    id: str
    manufacturer: str
    model: str
    android: str
    api: int | None
    build: str
    soc: str
    abis: tuple[str, ...]

    @property
    def name(self) -> str:
        """For people: model, chip and Android version."""
        parts = [self.model or "phone", self.soc, f"Android {self.android}" if self.android else ""]
        return ", ".join(part for part in parts if part)


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

    Attributes:
        runs: Timed inferences.
        avg: Their mean.
        std: Standard deviation; None for a single run.
        min: The fastest.
        max: The slowest.
        p5: 5th percentile; None from builds that do not print it.
        p50: Median, likewise.
        p95: 95th percentile, likewise.
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
        taken: Of the graph; `unknown` where the output does not say.
        nodes: How many operators it took; None where the output does not say.
        of_nodes: Of how many.
        kernels: Nodes they were fused into.
        operators: Which it took, by type, where there is a profile: those of the file that the
            profile does not show outside of delegates; empty where that is not known.
        share_of_time: Of one inference's, within it, by the profile; None without one.
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
        latency_ms: Of one inference.
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
        latency_ms: Of one inference, over all rounds; see `rounds.together`.
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


class AppPercentiles(Record):
    """Percentiles of single inferences in milliseconds, as the app takes them."""

    runs: int
    p50: float
    p90: float
    p99: float


class AppEngineRecord(Record):
    """What ran a file in the demo app.

    Attributes:
        name: Of the library,
        version: and its version.
        threads: It used.
        delegate: `cpu` or `gpu`; always what was asked for, since anything else is a failure.
        self_test_family: Family of kernels whose golden scores it gave; None without a self-test.
        self_test_max_difference: The largest between its golden scores and theirs.
    """

    name: str
    version: str
    threads: int
    delegate: Literal["cpu", "gpu"]
    self_test_family: str | None
    self_test_max_difference: float | None

    @property
    def label(self) -> str:
        """For people."""
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


class PhoneScores(Record):
    """Scores of one file on a phone, beside LiteRT's on this machine.

    Attributes:
        phone: Its id.
        variant: Which file,
        sha256: and its digest.
        runner_sha256: Digest of the user's runner; None where the app scored.
        file: Where the scores lie, relative to the run folder.
        images: Of the split that decides, evenly spread, with scores.
        lacking: Images without scores.
        seconds: The time on the phone, loading included; None where adb did not wait for it.
        map: Mean average precision of the phone's scores; None where no tag can be scored.
        host_map: Of the host's, on the same images.
        max_difference: The largest between two scores of an image and tag.
        mean_difference: The mean of them.
        engine: What ran it in the demo app; None where a runner did.
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


class PhoneFailure(Record):
    """What a phone did not do; `variant` is None where all of it failed."""

    phone: str
    name: str
    variant: Variant | None
    threads: int | None = None
    problem: Problem
    reason: str


class PhonesResult(Result):
    """`bench/phones.json`.

    Attributes:
        measured_at: UTC, ISO 8601.
        versions: edgetag and adb.
        benchmark_model_sha256: Digest of the program that measured; None without a benchmark.
        warmup_runs: Given to it, as are the next four; None where answers of apps were read.
        runs: At least so many,
        min_s: and at least so long,
        max_s: but no longer,
        rounds: in so many rounds.
        phones: Those that answered.
        results: Latency by benchmark_model, one entry per phone, file and number of threads.
        apps: Latency by the demo app, one entry per phone and file.
        scores: Accuracy, one entry per phone and file.
        failures: One entry per phone, or per file on a phone, that gave nothing.
    """

    SCHEMA: ClassVar[str] = "edgetag.phones/1.1"
    measured_at: str
    versions: dict[str, str]
    benchmark_model_sha256: str | None
    warmup_runs: int | None
    runs: int | None
    min_s: float | None
    max_s: float | None
    rounds: int | None = None
    phones: tuple[PhoneRecord, ...]
    results: tuple[PhoneMeasurement, ...]
    apps: tuple[AppMeasurement, ...] = ()
    scores: tuple[PhoneScores, ...] = ()
    failures: tuple[PhoneFailure, ...] = ()

    def only(self, digests: Collection[str]) -> "PhonesResult":
        """Return what it says of files with these digests; failures are all kept."""
        return self.model_copy(
            update={
                "results": tuple(one for one in self.results if one.sha256 in digests),
                "apps": tuple(one for one in self.apps if one.sha256 in digests),
                "scores": tuple(one for one in self.scores if one.sha256 in digests),
            }
        )

    def name_of(self, phone: str) -> str:
        """Return what people call a phone of this result."""
        names = [found.name for found in self.phones if found.id == phone]
        return names[0] if names else phone


class ListedPhone(Record):
    """A phone that adb sees.

    Attributes:
        serial: For `--on adb:SERIAL`.
        id: As results call it.
        ready: Whether it takes commands.
        detail: What it is, or what to do about it.
    """

    serial: str
    id: str
    ready: bool
    detail: str


class PhoneList(Result):
    """What `edgetag phone list --json` prints."""

    SCHEMA: ClassVar[str] = "edgetag.phone-list/1.0"
    adb_version: str
    phones: tuple[ListedPhone, ...] = Field(default=())
