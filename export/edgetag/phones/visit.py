"""What is done with one phone, and how far its troubles reach."""

from dataclasses import dataclass, field
from typing import Protocol

from edgetag.conversion.result import ExportedVariant
from edgetag.phones import accuracy, benchmark
from edgetag.phones.accuracy import Scoring
from edgetag.phones.adb import Adb
from edgetag.phones.benchmark import Settings
from edgetag.phones.device import Phone
from edgetag.phones.listing import Listed
from edgetag.phones.problems import LOSES_THE_PHONE, PhoneError
from edgetag.phones.result import (
    PhoneFailure,
    PhoneMeasurement,
    PhoneRecord,
    PhoneScores,
)
from edgetag.phones.state import condition, identify
from edgetag.phones.store import LocalFile, clean, prepare, put
from edgetag.recipe import Variant
from edgetag.workspace import Workspace


class Says(Protocol):
    """Where lines for people go."""

    def say(self, message: str) -> None:
        """Show one line."""


@dataclass
class Outcome:
    """What one phone gave, in the making.

    Attributes:
        phone: None where it did not even say what it is.
        results: Latency.
        scores: Accuracy.
        failures: Of the phone or of single files.
    """

    phone: PhoneRecord | None = None
    results: list[PhoneMeasurement] = field(default_factory=list)
    scores: list[PhoneScores] = field(default_factory=list)
    failures: list[PhoneFailure] = field(default_factory=list)


@dataclass(frozen=True)
class Visit:
    """What is to be done with every phone.

    Attributes:
        adb: The program.
        told: Where lines for people go; safe for threads.
        workspace: Keeps scores.
        files: To measure.
        settings: How.
        tool: benchmark_model; None for no latency.
        scoring: None for no scores.
        clean: Whether to delete first what is not needed.
    """

    adb: Adb
    told: Says
    workspace: Workspace
    files: tuple[tuple[ExportedVariant, LocalFile], ...]
    settings: Settings
    tool: LocalFile | None
    scoring: Scoring | None
    clean: bool

    def visit(self, listed: Listed) -> Outcome:
        """Do everything on one phone; its troubles are in the outcome."""
        outcome = Outcome()
        try:
            phone = self._ready(listed, outcome)
        except PhoneError as error:
            self._failed(outcome, listed, error)
            return outcome
        for variant, file in self.files:
            for threads in (*(self.settings.threads if self.tool else ()), None):
                try:
                    self._step(phone, variant, file, threads, outcome)
                except PhoneError as error:
                    self._failed(outcome, listed, error, variant.variant, threads)
                    if error.problem in LOSES_THE_PHONE:
                        return outcome
        return outcome

    def _ready(self, listed: Listed, outcome: Outcome) -> Phone:
        """Ask the phone what it is and bring the programs and images to it."""
        if problem := listed.problem():
            raise problem
        phone = Phone(self.adb, listed)
        outcome.phone = identify(phone)
        prepare(phone)
        programs = [self.tool, self.scoring.runner if self.scoring else None]
        needed = [file for file in programs if file is not None]
        for program in needed:
            benchmark.check_runs_on(program.path, outcome.phone)
        images = [self.scoring.images] if self.scoring else []
        if self.clean:
            models = [file for _, file in self.files]
            deleted = clean(phone, frozenset(file.name for file in (*needed, *images, *models)))
            self.told.say(f"{outcome.phone.name}: {deleted} old files deleted")
        for program in needed:
            put(phone, program, executable=True)
        for file in images:
            put(phone, file)
        return phone

    def _step(
        self,
        phone: Phone,
        variant: ExportedVariant,
        file: LocalFile,
        threads: int | None,
        outcome: Outcome,
    ) -> None:
        """Time one file with some threads, or, without a number of threads, score it."""
        if threads is not None and self.tool is not None:
            put(phone, file)
            timed = benchmark.measure(
                phone, self.tool, file, variant, threads, self.settings, condition(phone)
            )
            outcome.results.append(timed)
            for note in timed.notes:
                self.told.say(f"{self._name(outcome, phone.listed)}, {variant.variant}: {note}")
        elif self.scoring is not None:
            put(phone, file)
            outcome.scores.append(
                accuracy.measure(phone, file, variant, self.scoring, self.workspace)
            )

    def _failed(
        self,
        outcome: Outcome,
        listed: Listed,
        error: PhoneError,
        variant: Variant | None = None,
        threads: int | None = None,
    ) -> None:
        name = self._name(outcome, listed)
        outcome.failures.append(
            PhoneFailure(
                phone=listed.id, name=name, variant=variant, threads=threads,
                problem=error.problem, reason=error.reason,
            )
        )  # fmt: skip
        what = f"{name}, {variant}" if variant else name
        self.told.say(f"{what}: {error.reason}")

    @staticmethod
    def _name(outcome: Outcome, listed: Listed) -> str:
        return outcome.phone.name if outcome.phone else listed.name
