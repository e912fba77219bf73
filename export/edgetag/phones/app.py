"""Files timed and scored in the demo app, through its headless entry."""

import statistics
import time
from dataclasses import dataclass, field

from edgetag.conversion.result import ExportedVariant
from edgetag.phones.accuracy import Scoring, compare
from edgetag.phones.answer import (
    AppLatency,
    AppScores,
    Wanted,
    check_answer,
    read_answer,
    scores_of,
)
from edgetag.phones.benchmark import Settings
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
from edgetag.scratch import scratch_folder
from edgetag.workspace import Workspace, digest_file, write_text

START_S = 120.0
SECONDS_AN_IMAGE = 2.0


@dataclass(frozen=True)
class InApp:
    """One file in the app.

    Attributes:
        app: The app.
        model: The file,
        variant: and what export says of it.
        scoring: Images, tags, contract.
        settings: Runs, threads, delegate.
    """

    app: App
    model: LocalFile
    variant: ExportedVariant
    scoring: Scoring
    settings: Settings

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
        wanted = Wanted(
            self.model.sha256,
            self.scoring.truth.tags,
            tuple(map(str, range(count))),
            self.settings.runs_on,
        )
        warmup_runs = self.settings.warmup_runs if runs else None
        job = RunnerJob(
            model=self.model.remote,
            images=images.remote,
            scores=f"{FOLDER}/unused.scores",
            threads=self.settings.threads[0],
            contract=self.scoring.contract,
            delegate=wanted.delegate,
            warmup_runs=warmup_runs,
            runs=runs,
        )
        limit_s = START_S + SECONDS_AN_IMAGE * (count + (warmup_runs or 0) + (runs or 0))
        with scratch_folder() as folder:
            sheet, target = folder / "job.json", folder / "answer.json"
            write_text(sheet, job.to_json())
            job_file = LocalFile(sheet, digest_file(sheet), "json")
            put(phone, job_file)
            started = time.monotonic()
            path = start(phone, self.app, job_file, self.settings.limit_s or limit_s)
            seconds = time.monotonic() - started
            phone.pull(path, target, wanted.most_bytes)
            phone.shell("rm", "-f", path, job_file.remote)
            answer = read_answer(target.read_bytes())
        check_answer(answer, wanted)
        return answer, wanted, seconds


@dataclass
class AppTiming:
    """One file timed in the app, in the making: a round at a time.

    Attributes:
        file: In the app.
        phone: Its id.
        failed: Whether the last round failed.
    """

    file: InApp
    phone: str
    failed: bool = False
    _rounds: list[AppPercentiles] = field(default_factory=list)
    _load_ms: list[float] = field(default_factory=list)
    _felt: list[Condition] = field(default_factory=list)
    _engine: AppEngineRecord | None = None

    @property
    def name(self) -> str:
        """Return the variant that is timed or scored."""
        return self.file.variant.variant

    @property
    def threads(self) -> int:
        """Return the threads that the runtime is given."""
        return self.file.settings.threads[0]

    def round(self, phone: Phone) -> None:
        """Time it once more.

        Raises:
            PhoneError: As `InApp.ask`, or the app timed nothing.
        """
        self.failed = True  # until the end
        before = condition(phone)
        runs = self.file.settings.runs_of_round
        answer, _, _ = self.file.ask(phone, self.file.scoring.first, 1, runs)
        if answer.latency_ms is None:
            raise PhoneError(Problem.WRONG_OUTPUT, "the app was to time the file and did not")
        self._engine = self._engine or engine_of(answer)
        self._rounds.append(percentiles_of(answer.latency_ms))
        self._load_ms.append(answer.load_ms)
        self._felt += [before, condition(phone)]
        self.failed = False

    def after_rounds(self, phone: Phone) -> None:
        """Do nothing: rounds leave nothing to do."""

    def record(self) -> AppMeasurement | None:
        """Return the figures, None where no round ended well."""
        if self._engine is None:
            return None
        medians = [part.p50 for part in self._rounds]
        return AppMeasurement(
            phone=self.phone,
            variant=self.file.variant.variant,
            sha256=self.file.model.sha256,
            engine=self._engine,
            latency_ms=percentiles_together(self._rounds),
            rounds=tuple(self._rounds),
            load_ms=statistics.median(self._load_ms),
            before=self._felt[0],
            after=self._felt[-1],
            throttled=any(throttled(part) for part in self._felt),
            notes=(
                *notes(self._felt),
                *notes_on_rounds(medians, self.file.settings.rounds),
                *untested(self._engine),
            ),
        )


@dataclass
class AppScoring:
    """One file scored in the app, after all timing.

    Attributes:
        file: In the app.
        workspace: Keeps the scores.
        timing: Timing of the same file; what failed there is not tried again.
    """

    file: InApp
    workspace: Workspace
    timing: AppTiming | None
    threads: None = None
    _record: PhoneScores | None = None

    @property
    def name(self) -> str:
        """Return the variant that is timed or scored."""
        return self.file.variant.variant

    def round(self, phone: Phone) -> None:
        """Do nothing: scoring has no rounds."""

    def after_rounds(self, phone: Phone) -> None:
        """Score all images; scores are kept even where some images have none.

        Raises:
            PhoneError: As `InApp.ask`, or some images have no scores.
        """
        if self.timing is not None and self.timing.failed:
            return
        scoring = self.file.scoring
        answer, wanted, seconds = self.file.ask(
            phone, scoring.images, len(scoring.truth.identities), None
        )
        scores, places, error = scores_of(answer, wanted)
        self._record = compare(
            scores,
            places,
            self.file.variant,
            scoring.truth,
            self.workspace,
            phone.listed.id,
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
    return "".join(c if c.isprintable() else "?" for c in text)[:80]


def percentiles_of(latency: AppLatency) -> AppPercentiles:
    """Return what is kept of the app's percentiles."""
    return AppPercentiles(runs=latency.runs, p50=latency.p50, p90=latency.p90, p99=latency.p99)


def untested(engine: AppEngineRecord) -> tuple[str, ...]:
    """Note an engine that was not tried on golden inputs."""
    return () if engine.self_test_family else ("the app did not test itself on golden inputs",)


def lacking(missing: int, images: int, error: str) -> PhoneError:
    """Return the error that some images have no scores; those of the others are kept."""
    return PhoneError(
        Problem.FAILED,
        f"{missing} of {images} images have no scores, the others' are kept; {error}",
    )
