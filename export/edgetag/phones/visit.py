"""What is done with one phone, and how far its troubles reach."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from edgetag.conversion.result import ExportedVariant
from edgetag.phones.accuracy import RunnerScoring, Scoring
from edgetag.phones.adb import Adb
from edgetag.phones.app import AppScoring, AppTiming, InApp
from edgetag.phones.benchmark import Settings, Timing
from edgetag.phones.figures import AppMeasurement, PhoneMeasurement, PhoneScores
from edgetag.phones.listing import Listed
from edgetag.phones.phone import Phone
from edgetag.phones.problems import LOSES_THE_PHONE, PhoneError, Problem
from edgetag.phones.result import PhoneFailure, PhoneRecord
from edgetag.phones.state import identify
from edgetag.phones.store import LocalFile, clean, prepare, put
from edgetag.phones.tool import check_runs_on
from edgetag.workspace import Workspace


class Says(Protocol):
    """Where lines for people go."""

    def say(self, message: str) -> None:
        """Show one line."""


class Work(Protocol):
    """One file, timed or scored; what it gives is kept even where a later step fails."""

    @property
    def name(self) -> str:
        """Return the variant that is timed or scored."""

    @property
    def threads(self) -> int | None:
        """Return the runtime's threads; None where they do not matter."""

    def round(self, phone: Phone) -> None:
        """Do the part of one round.

        Raises:
            PhoneError: It fails; the rounds before are kept.
        """

    def after_rounds(self, phone: Phone) -> None:
        """Do what is left, after the last round.

        Raises:
            PhoneError: It fails.
        """

    def record(self) -> PhoneMeasurement | AppMeasurement | PhoneScores | None:
        """Return what there is, None if nothing."""


@dataclass
class Outcome:
    """What one phone gave, in the making.

    Attributes:
        phone: None where it did not even say what it is.
        results: Latency by benchmark_model.
        apps: Latency by the app.
        scores: Accuracy.
        failures: Failures of the phone or of single files.
    """

    phone: PhoneRecord | None = None
    results: list[PhoneMeasurement] = field(default_factory=list)
    apps: list[AppMeasurement] = field(default_factory=list)
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
        time_app: Whether the app times files besides scoring them.
    """

    adb: Adb
    told: Says
    workspace: Workspace
    files: tuple[tuple[ExportedVariant, LocalFile], ...]
    settings: Settings
    tool: LocalFile | None
    scoring: Scoring | None
    clean: bool
    time_app: bool = True

    def visit(self, listed: Listed) -> Outcome:
        """Do everything on one phone; its troubles are in the outcome."""
        outcome = Outcome()
        try:
            phone = self._ready(listed, outcome)
        except PhoneError as error:
            self._failed(outcome, listed, error)
            return outcome
        works = tuple(self._works(listed.id))
        self._do(phone, works, outcome)
        for work in works:
            self._keep(work.record(), outcome)
        return outcome

    def _works(self, phone: str) -> Iterator[Work]:
        """Yield all that is to be done on the phone of this id, the files in their order."""
        for variant, file in self.files:
            if self.tool is not None:
                for threads in self.settings.threads:
                    yield Timing(self.tool, file, variant, threads, self.settings, phone)
            if self.scoring is not None and self.scoring.runner is not None:
                yield RunnerScoring(
                    self.scoring.runner,
                    file,
                    variant,
                    self.scoring,
                    self.workspace,
                    self.settings.runs_on,
                )
            if self.scoring is not None and self.scoring.app is not None:
                in_app = InApp(self.scoring.app, file, variant, self.scoring, self.settings)
                timing = AppTiming(in_app, phone) if self.time_app else None
                if timing is not None:
                    yield timing
                yield AppScoring(in_app, self.workspace, timing)

    def _do(self, phone: Phone, works: tuple[Work, ...], outcome: Outcome) -> None:
        """Go over all files round by round, until all is done or the phone is lost."""
        failed: set[int] = set()
        for place, step in self._steps(works):
            if place in failed:
                continue
            try:
                step(phone)
            except PhoneError as error:
                failed.add(place)
                self._failed(outcome, phone.listed, error, works[place])
                if error.problem in LOSES_THE_PHONE:
                    return

    def _steps(self, works: tuple[Work, ...]) -> Iterator[tuple[int, Callable[[Phone], None]]]:
        """Yield places in `works` and steps: rounds there and back, then the rest.

        There and back, so that what changes steadily, such as heat, hits the first file as much
        as the last.
        """
        for number in range(self.settings.rounds):
            order = range(len(works))
            for place in order if number % 2 == 0 else reversed(order):
                yield place, works[place].round
        for place, work in enumerate(works):
            yield place, work.after_rounds

    def _keep(
        self, record: PhoneMeasurement | AppMeasurement | PhoneScores | None, outcome: Outcome
    ) -> None:
        if isinstance(record, PhoneScores):
            outcome.scores.append(record)
        elif record is not None:
            if isinstance(record, PhoneMeasurement):
                outcome.results.append(record)
            else:
                outcome.apps.append(record)
            for note in record.notes:
                self.told.say(
                    f"{outcome.phone.name if outcome.phone else record.phone}, "
                    f"{record.variant}: {note}"
                )

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
            check_runs_on(program.path, outcome.phone)
        images = self._images()
        if self.clean:
            models = [file for _, file in self.files]
            deleted = clean(phone, frozenset(file.name for file in (*needed, *images, *models)))
            self.told.say(f"{outcome.phone.name}: {deleted} old files deleted")
        for program in needed:
            put(phone, program, executable=True)
        for file in images:
            put(phone, file)
        return phone

    def _images(self) -> tuple[LocalFile, ...]:
        if self.scoring is None:
            return ()
        first = (self.scoring.first,) if self.scoring.app else ()
        return (self.scoring.images, *first)

    def _failed(
        self, outcome: Outcome, listed: Listed, error: PhoneError, work: Work | None = None
    ) -> None:
        name = self._name(outcome, listed)
        if error.problem is Problem.NOT_INSTALLED:
            work = None  # it is so for every file
        failure = PhoneFailure(
            phone=listed.id,
            name=name,
            variant=work.name if work else None,
            threads=work.threads if work else None,
            problem=error.problem,
            reason=error.reason,
        )
        if failure in outcome.failures:
            return
        outcome.failures.append(failure)
        self.told.say(f"{name}, {work.name}: {error.reason}" if work else f"{name}: {error.reason}")

    @staticmethod
    def _name(outcome: Outcome, listed: Listed) -> str:
        return outcome.phone.name if outcome.phone else listed.name
