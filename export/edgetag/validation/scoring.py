"""Scoring every variant on every runtime, as many at once as there are cores.

Each run uses one thread: scores then depend on no thread count, and two processes finish sooner
than one with two threads. What is done is kept, so that an interrupted validation goes on.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import Dataset
from edgetag.dataset.view import Rows
from edgetag.machine import Machine
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, Task
from edgetag.runtimes import Engine, FailureKind, LoadFailure, score
from edgetag.validation.scores import VariantMeta, read_variant, write_variant
from edgetag.workspace import Workspace, digest_json

SILENCE_S = 300.0
"""A runtime that finishes no image for so long counts as hung."""


@dataclass(frozen=True)
class Scored:
    """Scores `[n, tags]` of one file on one runtime, and what made them."""

    scores: Scores
    meta: VariantMeta


@dataclass(frozen=True)
class Run:
    """One file on one runtime."""

    file: ExportedVariant
    engine: Engine

    @property
    def name(self) -> str:
        """For people, such as `int8-qat on litert`."""
        return f"{self.file.variant} on {self.engine.name}"

    def score_file(self, workspace: Workspace) -> Path:
        """Return where its scores are kept."""
        return workspace.validate / "scores" / f"{self.file.variant}.{self.engine.name}.npz"


class _SharedTask:
    """A task that several threads may advance."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._lock = threading.Lock()

    def advance(self, amount: int = 1, note: str = "") -> None:
        with self._lock:
            self._task.advance(amount, note)


@dataclass(frozen=True)
class Scoring:
    """What all runs have in common.

    Attributes:
        workspace: Holds the files and keeps the scores.
        dataset: Gives the images.
        rows: `[n]` rows to score.
        contract: How pixels become input.
        machine: Where this is.
    """

    workspace: Workspace
    dataset: Dataset
    rows: Rows
    contract: Preprocessing
    machine: Machine

    def all(self, runs: list[Run], progress: Progress) -> list[tuple[Run, Scored | LoadFailure]]:
        """Return the outcome of each run, in the order given.

        Raises:
            InputError: The image cache is damaged, or the disk is full.
        """
        cancelled = threading.Event()
        with (
            progress.track("scoring variants", len(runs) * len(self.rows), "images") as task,
            _pool(self.machine.cores, cancelled) as pool,
        ):
            shared = _SharedTask(task)
            futures: list[Future[Scored | LoadFailure]] = [
                pool.submit(self._one, run, shared, cancelled) for run in runs
            ]
            outcomes = [(run, future.result()) for run, future in zip(runs, futures, strict=True)]
        for run, outcome in outcomes:
            if isinstance(outcome, LoadFailure):
                progress.say(f"{run.name}: {outcome.kind}: {outcome.reason}")
        return outcomes

    def _one(self, run: Run, task: Task, cancelled: threading.Event) -> Scored | LoadFailure:
        missing = run.engine.available()
        if missing is not None:
            task.advance(len(self.rows), run.name)
            return LoadFailure(FailureKind.UNAVAILABLE, missing)
        wanted = VariantMeta(
            model_sha256=run.file.sha256,
            engine=run.engine.name,
            version=run.engine.version(),
            device=self.machine.cpu,
            cache=self.dataset.cache.index.fingerprint,
            rows=digest_json(self.rows.tolist()),
            images_per_s=0.0,
        )
        kept = read_variant(run.score_file(self.workspace), wanted)
        if kept is not None:
            task.advance(len(self.rows), run.name)
            return Scored(*kept)
        counted = _Counted(task, run.name)
        outcome = score(
            run.engine,
            self.workspace.root / run.file.file,
            self.workspace.cache,
            self.rows,
            self.contract,
            threads=1,
            task=counted,
            timeout_s=SILENCE_S,
            cancelled=cancelled,
        )
        task.advance(len(self.rows) - counted.done, run.name)
        if isinstance(outcome, LoadFailure):
            return outcome
        tags = len(self.dataset.vocabulary)
        if outcome.scores.shape[1] != tags:
            reason = f"it gives {outcome.scores.shape[1]} scores, but there are {tags} tags"
            return LoadFailure(FailureKind.WRONG_OUTPUT, reason)
        meta = wanted.model_copy(update={"images_per_s": outcome.images_per_s})
        write_variant(run.score_file(self.workspace), outcome.scores, meta)
        return Scored(outcome.scores, meta)


class _Counted:
    """A task that remembers how far one run came."""

    def __init__(self, task: Task, note: str) -> None:
        self._task = task
        self._note = note
        self.done = 0

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.done += amount
        self._task.advance(amount, note or self._note)


@contextmanager
def _pool(threads: int, cancelled: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """A thread pool that, when the block fails, stops what runs and starts nothing more."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    except BaseException:
        cancelled.set()
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
