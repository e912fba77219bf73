"""What `edgetag phone` leaves: phones, figures, how the phones felt, and what went wrong."""

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
    """

    delegate: str
    taken: Taken
    nodes: int | None = None
    of_nodes: int | None = None
    kernels: int | None = None


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


class PhoneMeasurement(Record):
    """One file on one phone.

    Attributes:
        phone: Its id.
        variant: Which file,
        sha256: its digest,
        size_bytes: and size.
        threads: Given to benchmark_model.
        requested: What was asked for.
        latency_ms: Of one inference.
        warmup_avg_ms: Mean of the warm-up; None without one.
        first_ms: The very first inference; None from builds that do not print it.
        init_ms: Loading the file and preparing it, delegates included.
        memory_init_mb: Growth of memory by then, in MB as benchmark_model prints it.
        memory_overall_mb: Growth by the end, likewise.
        delegations: Which delegates took what.
        operators: From a second, shorter run with profiling; empty without one.
        before: How the phone felt before,
        after: and after.
        throttled: Whether the phone was slowing itself down by then.
        notes: What speaks against the figures, in words.
        command: What was run, with the file names of the phone.
    """

    phone: str
    variant: Variant
    sha256: str
    size_bytes: int
    threads: int
    requested: DelegateName
    latency_ms: PhoneLatency
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


class PhoneScores(Record):
    """Scores of one file by the user's runner, beside LiteRT's on this machine.

    Attributes:
        phone: Its id.
        variant: Which file,
        sha256: and its digest.
        runner_sha256: Digest of the runner.
        file: Where the scores lie, relative to the run folder.
        images: Of the split that decides, evenly spread.
        seconds: The runner's time on the phone, loading included.
        map: Mean average precision of the phone's scores; None where no tag can be scored.
        host_map: Of the host's, on the same images.
        max_difference: The largest between two scores of an image and tag.
        mean_difference: The mean of them.
    """

    phone: str
    variant: Variant
    sha256: str
    runner_sha256: str
    file: str
    images: int
    seconds: float
    map: float | None
    host_map: float | None
    max_difference: float
    mean_difference: float


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
        warmup_runs: Given to it, as are the next three.
        runs: At least so many,
        min_s: and at least so long,
        max_s: but no longer.
        phones: Those that answered.
        results: Latency, one entry per phone, file and number of threads.
        scores: Accuracy, one entry per phone and file.
        failures: One entry per phone, or per file on a phone, that gave nothing.
    """

    SCHEMA: ClassVar[str] = "edgetag.phones/1.0"
    measured_at: str
    versions: dict[str, str]
    benchmark_model_sha256: str | None
    warmup_runs: int
    runs: int
    min_s: float
    max_s: float
    phones: tuple[PhoneRecord, ...]
    results: tuple[PhoneMeasurement, ...]
    scores: tuple[PhoneScores, ...] = ()
    failures: tuple[PhoneFailure, ...] = ()

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
