"""What is done with one phone, and how far its troubles reach."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edgetag.phones.accuracy import RunnerScoring, Scoring
from edgetag.phones.adb import Adb
from edgetag.phones.app import AppScoring, AppTiming
from edgetag.phones.benchmark import Timing
from edgetag.phones.figures import PhoneScores
from edgetag.phones.fixed_performance import fixed_performance
from edgetag.phones.holding import alone_on
from edgetag.phones.listing import Listed
from edgetag.phones.phone import Phone
from edgetag.phones.problems import LOSES_THE_PHONE, PhoneError, Problem
from edgetag.phones.result import PhoneFailure, PhoneRecord
from edgetag.phones.settings import Options
from edgetag.phones.state import identify
from edgetag.phones.store import LocalFile, ModelFile, clean, prepare, put
from edgetag.phones.tool import check_runs_on
from edgetag.phones.work import Gained, Work
from edgetag.progress import SharedProgress
from edgetag.workspace import Workspace


@dataclass
class Outcome:
    """What one phone gave, in the making.

    Attributes:
        phone: None where it did not even say what it is.
        gained: Latencies and scores.
        failures: Failures of the phone or of single files.
    """

    phone: PhoneRecord | None = None
    gained: list[Gained] = field(default_factory=list)
    failures: list[PhoneFailure] = field(default_factory=list)


@dataclass(frozen=True)
class Visit:
    """What is to be done with every phone.

    Without `tool` there is no latency by benchmark_model, without `scoring` there are no
    scores.
    """

    adb: Adb
    progress: SharedProgress
    workspace: Workspace
    files: tuple[ModelFile, ...]
    options: Options
    tool: LocalFile | None
    scoring: Scoring | None

    def visit(self, listed: Listed) -> Outcome:
        """Do everything on one phone; its troubles are in the outcome."""
        outcome = Outcome()
        works = tuple(self._works(listed.id))
        try:
            with alone_on(listed):
                phone, record = self._ready(listed, outcome)
                with fixed_performance(phone, record, self._timed()) as held:
                    if self._timed():
                        outcome.phone = record.replace(fixed_performance=held)
                    self._do(phone, works, outcome)
        except PhoneError as error:
            self._failed(outcome, listed, error)
            return outcome
        for work in works:
            self._keep(work.record(), outcome)
        return outcome

    def _timed(self) -> bool:
        """Return whether times are taken, and clocks are to be held for them."""
        in_app = self.options.time_app and self.scoring is not None and self.scoring.app is not None
        return self.options.settings.fixed_performance and (self.tool is not None or in_app)

    def _works(self, phone: str) -> Iterator[Work]:
        """Yield all that is to be done on the phone of this id, the files in their order."""
        settings, scoring = self.options.settings, self.scoring
        for model in self.files:
            if self.tool is not None:
                for threads in settings.threads:
                    yield Timing(model, settings, phone, threads, self.tool)
            if scoring is not None and scoring.runner is not None:
                work = (model, settings, phone, None)
                yield RunnerScoring(*work, scoring.runner, scoring, self.workspace)
            if scoring is not None and scoring.app is not None:
                in_app, timing = (scoring.app, scoring), None
                if self.options.time_app:
                    timing = AppTiming(model, settings, phone, settings.threads[0], *in_app)
                    yield timing
                yield AppScoring(model, settings, phone, None, *in_app, self.workspace, timing)

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
        for number in range(self.options.settings.rounds):
            order = range(len(works))
            for place in order if number % 2 == 0 else reversed(order):
                yield place, works[place].round
        for place, work in enumerate(works):
            yield place, work.after_rounds

    def _keep(self, record: Gained | None, outcome: Outcome) -> None:
        if record is None:
            return
        if outcome.phone and not isinstance(record, PhoneScores):
            held = outcome.phone.fixed_performance
            record = record.replace(fixed_performance=held)
        outcome.gained.append(record)
        name = outcome.phone.name if outcome.phone else record.phone
        for note in () if isinstance(record, PhoneScores) else record.notes:
            self.progress.say(f"{name}, {record.variant}: {note}")

    def _ready(self, listed: Listed, outcome: Outcome) -> tuple[Phone, PhoneRecord]:
        """Ask the phone what it is and bring the programs and images to it."""
        if problem := listed.problem():
            raise problem
        phone = Phone(self.adb, listed)
        outcome.phone = record = identify(phone)
        prepare(phone)
        programs = [self.tool, self.scoring.runner if self.scoring else None]
        needed = [file for file in programs if file is not None]
        for program in needed:
            check_runs_on(program.path, record)
        images = self._images()
        if self.options.clean:
            wanted = (*needed, *images, *self.files)
            deleted = clean(phone, frozenset(file.name for file in wanted))
            self.progress.say(f"{record.name}: {deleted} old files deleted")
        for program in needed:
            put(phone, program, executable=True)
        for file in images:
            put(phone, file)
        return phone, record

    def _images(self) -> tuple[LocalFile, ...]:
        if self.scoring is None:
            return ()
        first = (self.scoring.first,) if self.scoring.app else ()
        return (self.scoring.images, *first)

    def _failed(
        self, outcome: Outcome, listed: Listed, error: PhoneError, work: Work | None = None
    ) -> None:
        name = outcome.phone.name if outcome.phone else listed.name
        if error.problem is Problem.NOT_INSTALLED:
            work = None  # it is so for every file
        failure = PhoneFailure.like(
            error,
            phone=listed.id,
            name=name,
            variant=work.model.variant if work else None,
            threads=work.threads if work else None,
            requested=work.settings.delegate if work else None,
        )
        if failure not in outcome.failures:
            outcome.failures.append(failure)
            what = f"{name}, {work.model.variant}" if work else name
            self.progress.say(f"{what}: {error.reason}")
