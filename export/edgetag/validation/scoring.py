"""Scoring files on runtimes, on all cores, with what is done kept for the next time.

The rows of a run are cut into as many parts as there are cores, each scored in a process of its
own with one thread: scores depend neither on threads nor on parts, and a single variant uses the
whole machine. What is done is kept, so that an interrupted validation goes on.
"""

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import numpy as np

from edgetag.dataset import Dataset, Rows
from edgetag.ensembles import weighted_mean
from edgetag.machine import Machine
from edgetag.pool import open_pool
from edgetag.process import JobCancelledError
from edgetag.progress import Progress, SharedProgress, Task
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.validation.runs import Run, Scored
from edgetag.validation.scores import (
    VariantMeta,
    digest_rows,
    read_variant,
    scorer_digest,
    write_variant,
)
from edgetag.workspace import Workspace, digest_json

SMALLEST_PART = 256
"""Rows that are worth the start of one more process, which takes about a second."""

PARTS_AHEAD = 2
"""Parts that are started or wait, for each core: no core idles while a run ends, and of large runs
only two are held in memory."""


Outcome = Scored | LoadFailure


class _Counted:
    """A task that remembers how far one run came."""

    def __init__(self, task: Task, note: str) -> None:
        self._task = task
        self._note = note
        self._lock = threading.Lock()
        self.done = 0

    def advance(self, amount: int = 1, note: str = "") -> None:
        with self._lock:
            self.done += amount
        self._task.advance(amount, note or self._note)


@dataclass(frozen=True)
class _Started:
    """A run whose outcome is known, or whose parts are at work."""

    run: Run
    task: _Counted
    wanted: VariantMeta | None = None
    known: Outcome | None = None
    parts: tuple[Future[ScoreRun | LoadFailure | None], ...] = ()
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Scoring:
    """What all runs have in common."""

    workspace: Workspace
    dataset: Dataset
    machine: Machine

    def all(self, runs: list[Run], progress: Progress) -> list[tuple[Run, Outcome]]:
        """Return the outcome of each run, in the order given; see `each`."""
        return list(self.each(runs, progress))

    def each(self, runs: Iterable[Run], progress: Progress) -> Iterator[tuple[Run, Outcome]]:
        """Yield the outcome of each run, in the order given.

        Ask for one after the other and let go of each: then memory holds the scores of few runs,
        however many there are.

        Raises:
            InputError: The image cache is damaged, or the disk is full.
        """
        runs = tuple(runs)
        files = [of for run in runs for of in run.of_files]
        with closing(self._of_files(files, progress)) as outcomes:
            for run in runs:
                of_run = [next(outcomes) for _ in run.of_files]
                yield run, self._averaged(run, of_run) if run.members else of_run[0]
            next(outcomes, None)  # lets the task end; closed sooner it would count as stopped

    def _of_files(self, runs: Sequence[Run], progress: Progress) -> Generator[Outcome]:
        queue = deque(runs)
        total = sum(len(run.rows) for run in queue)
        with (
            SharedProgress(progress).track("scoring variants", total, "images") as shared,
            self._pool() as (pool, started),
        ):
            while queue or started:
                while queue and self._want_more(started):
                    started.append(self._start(queue.popleft(), shared, pool))
                outcome = self._finish(started[0])
                run = started.popleft().run
                if isinstance(outcome, LoadFailure):
                    progress.say(f"{run.name}: {outcome.kind}: {outcome.reason}")
                yield outcome

    def _averaged(self, run: Run, outcomes: Sequence[Outcome]) -> Outcome:
        """Return an ensemble's scores from those of its files, and keep them."""
        scored: list[Scored] = []
        for outcome in outcomes:
            if isinstance(outcome, LoadFailure):
                return outcome
            scored.append(outcome)
        weights = [member.weight for member in run.members]
        scores = weighted_mean([each.scores for each in scored], weights)
        seconds = sum(1 / each.meta.images_per_s for each in scored if each.meta.images_per_s)
        meta = self._meta(run).replace(images_per_s=1 / seconds if seconds else 0.0)
        write_variant(run.score_file(self.workspace), scores, meta)
        return Scored(scores, meta)

    def _want_more(self, started: deque[_Started]) -> bool:
        """Return whether too few runs are started to keep the cores busy."""
        return sum(max(1, len(run.parts)) for run in started) < PARTS_AHEAD * self.machine.cores

    def _start(self, run: Run, shared: Task, pool: ThreadPoolExecutor) -> _Started:
        """Take what is kept, or set the parts to work."""
        task = _Counted(shared, run.name)
        missing = run.engine.available()
        if missing is not None:
            return _Started(run, task, known=LoadFailure(FailureKind.UNAVAILABLE, missing))
        wanted = self._meta(run)
        shape = (len(run.rows), len(self.dataset.vocabulary))
        kept = read_variant(run.score_file(self.workspace), wanted, shape)
        if kept is not None:
            return _Started(run, task, known=Scored(*kept))
        cancelled = threading.Event()
        parts = tuple(
            pool.submit(self._part, run, rows, task, cancelled)
            for rows in parts_of(run.rows, self.machine.cores)
        )
        return _Started(run, task, wanted, parts=parts, cancelled=cancelled)

    def _part(
        self, run: Run, rows: Rows, task: _Counted, cancelled: threading.Event
    ) -> ScoreRun | LoadFailure | None:
        """Score some rows; None where another part of the run has failed before."""
        if cancelled.is_set():
            return None
        try:
            outcome = score(
                run.engine,
                run.path,
                self.workspace.cache,
                rows,
                run.contract,
                task=task,
                cancelled=cancelled,
            )
        except JobCancelledError:
            return None
        if isinstance(outcome, LoadFailure):
            cancelled.set()
        return outcome

    def _finish(self, started: _Started) -> Outcome:
        """Wait for the parts, keep the scores."""
        outcome = self._joined(started) if started.known is None else started.known
        started.task.advance(len(started.run.rows) - started.task.done)
        return outcome

    def _joined(self, started: _Started) -> Outcome:
        outcomes = [part.result() for part in started.parts]
        for outcome in outcomes:
            if isinstance(outcome, LoadFailure):
                return outcome
        parts = [outcome for outcome in outcomes if isinstance(outcome, ScoreRun)]
        if len(parts) < len(outcomes) or started.wanted is None:
            raise RuntimeError("a part of a run was given up without a reason")
        run, tags = started.run, len(self.dataset.vocabulary)
        width = parts[0].scores.shape[1]
        if width != tags:
            reason = f"it gives {width} scores, but there are {tags} tags"
            return LoadFailure(FailureKind.WRONG_OUTPUT, reason)
        scores = np.concatenate([part.scores for part in parts])
        if run.columns is not None:
            scores = scores[:, list(run.columns)]
        seconds = sum(part.seconds for part in parts)
        rate = len(scores) / seconds if seconds else 0.0
        meta = started.wanted.replace(images_per_s=rate)
        write_variant(run.score_file(self.workspace), scores, meta)
        return Scored(scores, meta)

    def _meta(self, run: Run) -> VariantMeta:
        in_order = run.columns == tuple(range(len(run.columns or ())))
        return VariantMeta(
            model_sha256=run.sha256,
            engine=run.engine.name,
            version=run.engine.version(),
            accelerator=engines.acceleration(run.engine.name),
            device=self.machine.cpu,
            cache=self.dataset.cache.shards.fingerprint,
            rows=digest_rows(run.rows),
            contract=run.contract.digest(),
            columns=None if in_order else run.columns,
            tags=digest_json(self.dataset.vocabulary.names),
            made_with=scorer_digest(),
            images_per_s=0.0,
        )

    @contextmanager
    def _pool(self) -> Iterator[tuple[ThreadPoolExecutor, deque[_Started]]]:
        """A thread per core; when the block fails, what runs is stopped and nothing more starts."""
        started: deque[_Started] = deque()
        with open_pool(self.machine.cores) as pool:
            try:
                yield pool, started
            except BaseException:
                for run in started:
                    run.cancelled.set()
                raise


def parts_of(rows: Rows, most: int) -> list[Rows]:
    """Cut rows into at most `most` parts of nearly equal length, none too small to be worth it."""
    return np.array_split(rows, max(1, min(most, len(rows) // SMALLEST_PART)))
