"""What measuring on phones leaves: phones, their figures, and what went wrong."""

from collections.abc import Collection
from typing import ClassVar

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.phones.elsewhere import MeasuredElsewhere
from edgetag.phones.figures import (
    AppMeasurement,
    DelegateName,
    PhoneMeasurement,
    PhoneScores,
    processor_of,
)
from edgetag.phones.job import RunsOn
from edgetag.phones.problems import Problem
from edgetag.recipe import Variant
from edgetag.records import Record, Result


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
        fixed_performance: Whether it was held in Android's fixed-performance mode when it was last
            timed; None where nobody asked. Each figure has its own since schema 1.8.
    """

    id: str
    manufacturer: str
    model: str
    android: str
    api: int | None
    build: str
    soc: str
    abis: tuple[str, ...]
    fixed_performance: bool | None = None

    @property
    def name(self) -> str:
        """For people: model, chip and Android version."""
        parts = [self.model or "phone", self.soc, f"Android {self.android}" if self.android else ""]
        return ", ".join(part for part in parts if part)


class PhoneFailure(Record):
    """What a phone did not do; `variant` is None where all of it failed.

    `requested` is what the file was to run on, which nothing did; None where all of it failed, and
    before schema 1.7.
    """

    phone: str
    name: str
    variant: Variant | None
    threads: int | None = None
    requested: DelegateName | None = None
    problem: Problem
    reason: str


class PhonesResult(Result):
    """`bench/phones.json`.

    Attributes:
        measured_at: When anything was measured last, UTC, ISO 8601.
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
        elsewhere: What others measured, of any file.
        failures: One entry per phone, or per file on a phone, that gave nothing.
    """

    SCHEMA: ClassVar[str] = "edgetag.phones/1.10"
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
    elsewhere: tuple[MeasuredElsewhere, ...] = ()
    failures: tuple[PhoneFailure, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """0 where all that was asked for was measured, else 2."""
        return ExitCode.BAD_INPUT if self.failures else ExitCode.ACCEPTED

    def only(self, digests: Collection[str]) -> "PhonesResult":
        """Return what it says of files with these digests; failures are all kept."""
        return self.replace(
            results=tuple(record for record in self.results if record.sha256 in digests),
            apps=tuple(record for record in self.apps if record.sha256 in digests),
            scores=tuple(record for record in self.scores if record.sha256 in digests),
        )

    def held(self, figure: PhoneMeasurement | AppMeasurement) -> bool | None:
        """Return whether a phone's clocks were held for a figure; None where nobody asked."""
        if figure.fixed_performance is not None:
            return figure.fixed_performance
        phones = {record.id: record.fixed_performance for record in self.phones}
        return phones.get(figure.phone)

    def scores_beside(self, figure: PhoneMeasurement | AppMeasurement) -> PhoneScores | None:
        """Return the scores of a figure's file by what was timed; None where there are none.

        Another processor may give other scores. A runner is no app, so that its scores stand
        beside what benchmark_model timed, also where what it was asked for is not known.
        """
        of_runners: tuple[RunsOn | None, ...] = ()
        if isinstance(figure, AppMeasurement):
            timed_on = figure.engine.delegate
        else:
            timed_on = processor_of(figure.requested)
            of_runners = (timed_on, None)
        beside = [
            record
            for record in self.scores
            if (record.phone, record.sha256) == (figure.phone, figure.sha256)
            if (
                record.engine.delegate == timed_on
                if record.engine
                else record.asked_for in of_runners
            )
        ]
        return beside[-1] if beside else None

    def name_of(self, phone: str) -> str:
        """Return what people call a phone of this result."""
        names = [record.name for record in self.phones if record.id == phone]
        return names[0] if names else phone


class ListedPhone(Record):
    """A phone that adb sees.

    `id` is what results call it, `detail` what it is, or what to do about it where it is not
    `ready`.
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

    @property
    def exit_code(self) -> ExitCode:
        """0 where a phone takes commands, else 2."""
        ready = any(phone.ready for phone in self.phones)
        return ExitCode.ACCEPTED if ready else ExitCode.BAD_INPUT
