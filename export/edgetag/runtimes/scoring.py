"""Scoring a file over cache rows, from the side that must survive whatever the runtime does."""

import threading
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from edgetag.arrays import write_array
from edgetag.cache_index import find_shards
from edgetag.catalogue.engines import Accelerator
from edgetag.contract import Preprocessing
from edgetag.errors import InputError
from edgetag.messages import Refused
from edgetag.pixels import Normalization
from edgetag.process import run_job
from edgetag.progress import SilentTask, Task
from edgetag.runtimes.messages import (
    BadInput,
    Done,
    Event,
    Job,
    Loaded,
    Scored,
    WrongOutput,
)
from edgetag.runtimes.protocol import Engine
from edgetag.scratch import scratch_folder

WORKER = "edgetag.runtimes.worker"
BARE = "edgetag.runtimes.bare"
"""Times a loop that sets, runs and reads, on inputs that are encoded before; tells no progress."""

NO_SCORES = np.empty((0, 0), dtype=np.float32)
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class FailureKind(StrEnum):
    """Why a runtime gave no scores for a file."""

    UNAVAILABLE = "unavailable"
    NOT_LOADABLE = "not loadable"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    WRONG_OUTPUT = "wrong output"


@dataclass(frozen=True)
class LoadFailure:
    """A runtime gave no scores, with one line that says why."""

    kind: FailureKind
    reason: str


@dataclass(frozen=True)
class ScoreRun:
    """Scores of a file on one runtime.

    Attributes:
        scores: `[n, tags]` float32, in the order of the rows; `[0, 0]` where none are kept.
        seconds: From the first image to the last, without the start of the process.
        cpu_seconds: Processor time in between, which other work on the machine leaves alone.
        used: What ran the file, where its worker told; None where it did not, see
            `engines.acceleration`.
        why: Why that is not what was asked for; empty where it is.
    """

    scores: npt.NDArray[np.float32]
    seconds: float
    cpu_seconds: float
    used: Accelerator | None = None
    why: str = ""

    @property
    def images_per_s(self) -> float:
        """Images scored a second."""
        return len(self.scores) / self.seconds if self.seconds else 0.0


def score(
    engine: Engine,
    model_path: Path,
    cache_folder: Path,
    rows: npt.NDArray[np.int64],
    contract: Preprocessing,
    threads: int = 1,
    task: Task | None = None,
    timeout_s: float | None = None,
    cancelled: threading.Event | None = None,
    module: str = WORKER,
    keeps_scores: bool = True,
) -> ScoreRun | LoadFailure:
    """Score a `.tflite` file over rows of the image cache, in a process of its own.

    Where the runtime is not available, nothing is started.

    Args:
        engine: The runtime.
        model_path: The file; it may be damaged.
        cache_folder: The image cache.
        rows: `[n]` row numbers, in any order.
        contract: How pixels become the model's input.
        threads: For the runtime.
        task: Told how many images more are done.
        timeout_s: Longest silence, in seconds, until the process counts as hung; None for the
            engine's `silence_limit_s`.
        cancelled: When set, the process is ended.
        module: The worker; `maps_worker` writes something else than scores.
        keeps_scores: Whether it writes any; `BARE` does not.

    Returns:
        Why there are none, where the runtime is not available, or does not do all of the job.

    Raises:
        JobCancelledError: `cancelled` was set.
        InputError: The image cache is damaged, or the disk is full.
    """
    missing = engine.available()
    if missing is not None:
        return LoadFailure(FailureKind.UNAVAILABLE, missing)
    limit_s = engine.silence_limit_s if timeout_s is None else timeout_s
    with scratch_folder() as folder:
        job = Job(
            engine=engine.inner,
            model=model_path.absolute(),
            cache=find_shards(cache_folder),
            rows=folder / "rows.npy",
            scores=folder / "scores.npy",
            contract=Normalization.of(contract),
            threads=threads,
        )
        write_array(job.rows, rows)
        heard = _Heard(task or SilentTask())
        failure = run_job(
            partial(engine.launch, module), job, EVENT, heard.hear, limit_s, cancelled
        )
        if failure is not None:
            kind = FailureKind.TIMED_OUT if failure.silent else FailureKind.CRASHED
            return LoadFailure(kind, failure.while_doing(heard.doing))
        match heard.outcome:
            case None:
                reason = f"it ended without an answer while {heard.doing}"
                return LoadFailure(FailureKind.CRASHED, reason)
            case LoadFailure() as refusal:
                return refusal
            case done:
                scores = np.load(job.scores, allow_pickle=False) if keeps_scores else NO_SCORES
                loaded = heard.loaded
                return ScoreRun(scores, done.seconds, done.cpu_seconds, loaded.used, loaded.why)


class _Heard:
    """What a worker has told so far."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._images = 0
        self.doing = "loading it"
        self.loaded = Loaded()
        self.outcome: Done | LoadFailure | None = None

    def hear(self, event: Event) -> None:
        """Take an event in.

        Raises:
            InputError: Something other than the model is wrong.
        """
        match event:
            case Loaded():
                self.doing, self.loaded = "running it", event
            case Scored(images=images):
                self._task.advance(images - self._images)
                self._images = images
            case Done():
                self.outcome = event
            case Refused(reason=reason):
                self.outcome = LoadFailure(FailureKind.NOT_LOADABLE, reason)
            case WrongOutput(reason=reason):
                self.outcome = LoadFailure(FailureKind.WRONG_OUTPUT, reason)
            case BadInput(message=message):
                raise InputError(message)
