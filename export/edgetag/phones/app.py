"""Files timed and scored in the demo app, through its headless entry."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from edgetag.errors import printable
from edgetag.phones.accuracy import Scoring, compare
from edgetag.phones.answer import (
    AppScores,
    Wanted,
    check_answer,
    read_answer,
    scores_of,
)
from edgetag.phones.asking import SECONDS_AN_IMAGE, START_S, ask
from edgetag.phones.figures import (
    AppEngineRecord,
    AppMeasurement,
    AppPercentiles,
    Condition,
    PhoneScores,
)
from edgetag.phones.instrument import App, start
from edgetag.phones.job import RunnerJob
from edgetag.phones.phone import FOLDER, Phone
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.rounds import notes_on_rounds, percentiles_together
from edgetag.phones.state import condition, notes, throttled
from edgetag.phones.store import LocalFile, put
from edgetag.phones.work import Work
from edgetag.workspace import Workspace


@dataclass
class AppWork(Work):
    """One file in the app."""

    app: App
    scoring: Scoring

    def ask(
        self, phone: Phone, images: LocalFile, count: int, runs: int | None
    ) -> tuple[AppScores, Wanted, float]:
        """Run the file on images, and time it if asked to.

        Args:
            phone: With the images.
            images: A `.npy` of `count` images.
            count: How many.
            runs: Inferences to time; None for none.

        Returns:
            The checked answer, what was asked for, and the seconds it took.

        Raises:
            PhoneError: The phone is gone; the app fails, or its answer is not one.
        """
        put(phone, self.model)
        settings, truth = self.settings, self.scoring.truth
        names = tuple(map(str, range(count)))
        wanted = Wanted(self.model.sha256, truth.tags, names, settings.runs_on)
        warmup_runs = settings.warmup_runs if runs else None
        job = RunnerJob(
            model=self.model.remote,
            images=images.remote,
            scores=f"{FOLDER}/unused.scores",
            threads=settings.threads[0],
            contract=self.scoring.contract,
            delegate=wanted.delegate,
            warmup_runs=warmup_runs,
            runs=runs,
        )
        inferences = count + (warmup_runs or 0) + (runs or 0)
        limit_s = settings.limit_s or START_S + SECONDS_AN_IMAGE * inferences
        content, seconds = ask(
            phone,
            job,
            lambda job_file: start(phone, self.app, job_file, limit_s),
            wanted.most_bytes,
        )
        answer = read_answer(content)
        check_answer(answer, wanted)
        return answer, wanted, seconds


@dataclass
class AppTiming(AppWork):
    """One file timed in the app, a round at a time.

    Attributes:
        failed: Whether the last round failed.
    """

    failed: bool = False
    _rounds: list[AppPercentiles] = field(default_factory=list)
    _load_ms: list[float] = field(default_factory=list)
    _felt: list[Condition] = field(default_factory=list)
    _cpusets: list[str] = field(default_factory=list)
    _engine: AppEngineRecord | None = None

    def round(self, phone: Phone) -> None:
        """Time it once more; an app that times nothing is an error."""
        self.failed = True  # until the end
        before = condition(phone)
        answer, _, _ = self.ask(phone, self.scoring.first, 1, self.settings.runs_of_round)
        if answer.latency_ms is None:
            raise PhoneError(Problem.WRONG_OUTPUT, "the app was to time the file and did not")
        self._engine = self._engine or engine_of(answer)
        self._rounds.append(AppPercentiles.like(answer.latency_ms))
        self._load_ms.append(answer.load_ms)
        self._cpusets.append(answer.latency_ms.cpuset)
        self._felt += [before, condition(phone)]
        self.failed = False

    def record(self) -> AppMeasurement | None:
        """Return the figures, None where no round ended well."""
        if self._engine is None:
            return None
        medians = [part.p50 for part in self._rounds]
        cpusets = told_cpusets(self._cpusets)
        return AppMeasurement(
            phone=self.phone,
            variant=self.model.variant,
            sha256=self.model.sha256,
            engine=self._engine,
            latency_ms=percentiles_together(self._rounds),
            rounds=tuple(self._rounds),
            load_ms=statistics.median(self._load_ms),
            before=self._felt[0],
            after=self._felt[-1],
            throttled=any(throttled(part) for part in self._felt),
            notes=(
                *notes(self._felt),
                *notes_on_rounds(medians, self.settings.rounds),
                *untested(self._engine),
                *behind_others(cpusets),
            ),
            cpusets=cpusets,
        )


@dataclass
class AppScoring(AppWork):
    """One file scored in the app, after all timing.

    Attributes:
        workspace: Keeps the scores.
        timing: Timing of the same file; what failed there is not tried again.
    """

    workspace: Workspace
    timing: AppTiming | None
    _record: PhoneScores | None = None

    def after_rounds(self, phone: Phone) -> None:
        """Score all images; the others' scores are kept where some images have none."""
        if self.timing is not None and self.timing.failed:
            return
        truth = self.scoring.truth
        answer, wanted, seconds = self.ask(phone, self.scoring.images, len(truth.identities), None)
        scores, places, error = scores_of(answer, wanted)
        self._record = compare(
            scores,
            places,
            self.model,
            truth,
            self.workspace,
            self.phone,
            seconds=seconds,
            engine=engine_of(answer),
        )
        if error:
            raise lacking(len(wanted.names) - len(places), len(wanted.names), error)

    def record(self) -> PhoneScores | None:
        """Return the scores, None where there are none."""
        return self._record


def engine_of(answer: AppScores) -> AppEngineRecord:
    """Return what is kept of the engine of a checked answer."""
    engine, test = answer.engine, answer.self_test
    return AppEngineRecord(
        name=one_word(engine.name),
        version=one_word(engine.version),
        threads=engine.threads,
        delegate=engine.delegate,
        self_test_family=one_word(test.family) if test and test.family else None,
        self_test_max_difference=test.max_difference if test else None,
    )


def one_word(text: str) -> str:
    """Return what an app tells as one short printable line."""
    return printable(text)[:80]


def untested(engine: AppEngineRecord) -> tuple[str, ...]:
    """Note an engine that was not tried on golden inputs."""
    return () if engine.self_test_family else ("the app did not test itself on golden inputs",)


FOREMOST = "top-app"
"""Android's set of processors for the app in front, which has all of them."""


def told_cpusets(told: Iterable[str]) -> tuple[str, ...]:
    """Return the different sets of processors that the app told of, in their order."""
    return tuple(dict.fromkeys(printable(cpuset) for cpuset in told if cpuset))


def behind_others(cpusets: Iterable[str]) -> tuple[str, ...]:
    """Note that Android did not run the app as the one in front, with all processors."""
    others = [cpuset for cpuset in cpusets if FOREMOST not in cpuset.split("/")]
    if not others:
        return ()
    return (f"the app ran in {', '.join(others)}, not in /{FOREMOST}: unlock the phone",)


def lacking(missing: int, images: int, error: str) -> PhoneError:
    """Return the error that some images have no scores; those of the others are kept."""
    return PhoneError(
        Problem.FAILED,
        f"{missing} of {images} images have no scores, the others' are kept; {error}",
    )
