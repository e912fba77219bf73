"""Scoring a file over cache rows, from the side that must survive whatever the runtime does."""

import contextlib
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from edgetag.contract import Preprocessing
from edgetag.errors import InputError
from edgetag.progress import Task
from edgetag.runtimes.interpreter import one_line
from edgetag.runtimes.messages import (
    EVENT,
    BadInput,
    Done,
    Event,
    Job,
    Loaded,
    Refused,
    Scored,
    WrongOutput,
)
from edgetag.runtimes.process import describe_end
from edgetag.runtimes.protocol import Engine

WORKER = "edgetag.runtimes.worker"
BARE = "edgetag.runtimes.bare"
CANCEL_CHECK_S = 0.2


class ScoringCancelledError(Exception):
    """Scoring was ended from outside."""


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
        scores: `[n, tags]` float32, in the order of the rows.
        seconds: From the first image to the last, without the start of the process.
        cpu_seconds: Processor time in between, which other work on the machine leaves alone.
    """

    scores: npt.NDArray[np.float32]
    seconds: float
    cpu_seconds: float

    @property
    def images_per_s(self) -> float:
        """Images scored a second."""
        return len(self.scores) / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class BareRun:
    """What `time_bare` measured; see `ScoreRun`."""

    seconds: float
    cpu_seconds: float


def score(
    engine: Engine,
    model_path: Path,
    cache_folder: Path,
    rows: npt.NDArray[np.int64],
    contract: Preprocessing,
    threads: int,
    task: Task,
    timeout_s: float | None = None,
    cancelled: threading.Event | None = None,
    module: str = WORKER,
) -> ScoreRun | LoadFailure:
    """Score a `.tflite` file over rows of the image cache, in a process of its own.

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

    Raises:
        ScoringCancelledError: `cancelled` was set.
        InputError: The image cache is damaged, or the disk is full.
    """
    given = _Given(model_path, cache_folder, rows, contract, threads)
    return _perform(
        engine, module, given, task, timeout_s, cancelled or threading.Event(),
        lambda done, job: ScoreRun(
            np.load(job.scores, allow_pickle=False), done.seconds, done.cpu_seconds
        ),
    )  # fmt: skip


def time_bare(
    engine: Engine,
    model_path: Path,
    cache_folder: Path,
    rows: npt.NDArray[np.int64],
    contract: Preprocessing,
    threads: int,
    task: Task,
    timeout_s: float | None = None,
    module: str = BARE,
) -> BareRun | LoadFailure:
    """Run the bare interpreter as often as there are rows, in a process of its own.

    The loop holds set_tensor, invoke and get_tensor on inputs that are encoded before; nothing is
    reported before it ends. Arguments are those of `score`; `module` is another that works so.

    Raises:
        InputError: The image cache is damaged, or the disk is full.
    """
    given = _Given(model_path, cache_folder, rows, contract, threads)
    return _perform(
        engine, module, given, task, timeout_s, threading.Event(),
        lambda done, _: BareRun(done.seconds, done.cpu_seconds),
    )  # fmt: skip


@dataclass(frozen=True)
class _Given:
    """What a worker is given; see `score`."""

    model_path: Path
    cache_folder: Path
    rows: npt.NDArray[np.int64]
    contract: Preprocessing
    threads: int

    def job(self, engine: Engine, folder: Path) -> Job:
        """Return the job, its rows written into the folder."""
        job = Job(
            engine=engine.inner,
            model=self.model_path.absolute(),
            cache=self.cache_folder.absolute(),
            rows=folder / "rows.npy",
            scores=folder / "scores.npy",
            contract=self.contract,
            threads=self.threads,
        )
        np.save(job.rows, self.rows, allow_pickle=False)
        return job


Run = TypeVar("Run")


def _perform(
    engine: Engine,
    module: str,
    given: _Given,
    task: Task,
    timeout_s: float | None,
    cancelled: threading.Event,
    collect: Callable[[Done, Job], Run],
) -> Run | LoadFailure:
    """Run a worker's job to its end and collect what it leaves, before its folder goes.

    Args:
        engine: The runtime; where it is not available nothing is started.
        module: The worker.
        given: What the job is about.
        task: Told how many images more are done.
        timeout_s: Longest silence; None for the engine's own.
        cancelled: When set, the process is ended.
        collect: Called where the worker has done all of the job.
    """
    missing = engine.available()
    if missing is not None:
        return LoadFailure(FailureKind.UNAVAILABLE, missing)
    limit_s = engine.silence_limit_s if timeout_s is None else timeout_s
    with tempfile.TemporaryDirectory(prefix="edgetag-") as name:
        folder = Path(name)
        job = given.job(engine, folder)
        outcome = _Worker(engine, module, folder, job, cancelled).follow(task, limit_s)
        return outcome if isinstance(outcome, LoadFailure) else collect(outcome, job)


class _Worker:
    """The process at work on one job; its folder holds what goes in and out."""

    def __init__(
        self, engine: Engine, module: str, folder: Path, job: Job, cancelled: threading.Event
    ) -> None:
        self._engine = engine
        self._module = module
        self._cancelled = cancelled
        self._log = folder / "stderr.txt"
        self._job = folder / "job.json"
        self._job.write_text(job.model_dump_json(), encoding="utf-8")
        self._events: queue.Queue[Event | None] = queue.Queue()

    def follow(self, task: Task, timeout_s: float) -> Done | LoadFailure:
        """Run the process to its end, whatever that is."""
        launch = self._engine.launch(self._module, str(self._job))
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                launch.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=launch.environment,
            )
            assert process.stdout is not None  # noqa: S101 - PIPE was asked for
            reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
            reader.start()
            try:
                return self._until_end(process, task, timeout_s)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                process.wait()
                reader.join()
                process.stdout.close()

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            with contextlib.suppress(ValidationError):  # a crash can cut a line short
                self._events.put(EVENT.validate_json(line))
        self._events.put(None)

    def _until_end(
        self, process: "subprocess.Popen[bytes]", task: Task, timeout_s: float
    ) -> Done | LoadFailure:
        done, doing = 0, "loading it"
        result: Done | LoadFailure | None = None
        while True:
            try:
                event = self._next_event(timeout_s)
            except queue.Empty:
                reason = f"no answer for {timeout_s:g} s while {doing}"
                return LoadFailure(FailureKind.TIMED_OUT, reason)
            match event:
                case None:
                    break
                case Loaded():
                    doing = "running it"
                case Scored(images=images):
                    task.advance(images - done)
                    done = images
                case Done():
                    result = event
                case Refused(reason=reason):
                    result = LoadFailure(FailureKind.NOT_LOADABLE, reason)
                case WrongOutput(reason=reason):
                    result = LoadFailure(FailureKind.WRONG_OUTPUT, reason)
                case BadInput(message=message):
                    raise InputError(message)
        returncode = process.wait()
        if returncode == 0 and result is not None:
            return result
        words = f"{describe_end(returncode)} while {doing}"
        said = self._last_words()
        return LoadFailure(FailureKind.CRASHED, f"{words}: {said}" if said else words)

    def _next_event(self, timeout_s: float) -> Event | None:
        """Wait for an event, None being the last; raise queue.Empty after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while True:
            if self._cancelled.is_set():
                raise ScoringCancelledError
            left = deadline - time.monotonic()
            try:
                return self._events.get(timeout=max(0.0, min(left, CANCEL_CHECK_S)))
            except queue.Empty:
                if left <= 0:
                    raise

    def _last_words(self) -> str:
        """Return the last line on stderr that is not just information."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        telling = [line for line in lines if line.strip() and not line.startswith("INFO:")]
        return one_line(telling[-1]) if telling else ""
