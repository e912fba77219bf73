"""What runs in a process of its own: `python -m edgetag.benchmarking.child JOB.json`.

It imports one runtime and never TensorFlow, which would change what the runtime runs. It may be
crashed by a damaged model; the parent lives on.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from edgetag.benchmarking import memory
from edgetag.benchmarking.effort import MOST_WINDOWS, SETTLED
from edgetag.benchmarking.job import LOADS, Beat, Doing, Job, Outcome, marker_text
from edgetag.children import Emit, begin_job
from edgetag.confinement import confine
from edgetag.pixels import Pixels
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.runtimes.protocol import Loader, ModelLoadError
from edgetag.runtimes.session import Session, Values

RUN_ERRORS = (RuntimeError, ValueError, MemoryError)
"""What the interpreters raise where a model loads but cannot be run."""

Mark = Callable[[Doing, int], None]


def main() -> None:
    """Do the job in the file named by the first argument; answer with events."""
    job, emit = begin_job(Job)
    marker = os.open(job.marker, os.O_WRONLY | os.O_CREAT, 0o600)
    confine(map(Path, (*job.models, job.images)), (memory.CLEAR_REFS,))

    def mark(doing: Doing, model: int) -> None:
        os.pwrite(marker, marker_text(doing, model), 0)

    emit((probe if job.task == "probe" else time_models)(job, mark, emit))


def probe(job: Job, mark: Mark, emit: Emit) -> Outcome:
    """Load one model, run it, and tell how much memory that took at most."""
    engine = _imported(job.runtime)
    image = _images(job)[:1]
    memory.reset_peak()
    before = memory.peak_bytes()
    mark("loading", 0)
    try:
        session = engine.load(Path(job.models[0]), job.threads)
        values = _values(session, image, job)[0]
        emit(Beat())
        mark("running", 0)
        for _ in range(job.warmup_runs):
            session.feed(values)
            session.run()
            session.read()
            emit(Beat())
    except ModelLoadError as error:
        return Outcome(reasons=(error.reason,))
    except RUN_ERRORS as error:
        return Outcome(reasons=(f"loads but does not run: {_first_line(error)}",))
    after = memory.peak_bytes()
    peak = None if before is None or after is None else after - before
    return Outcome(reasons=(None,), peak_memory_bytes=peak)


def time_models(job: Job, mark: Mark, emit: Emit) -> Outcome:
    """Time all models, taking turns.

    In each round every model runs once, on the same image, in an order drawn anew: a slow moment
    of the machine, and what the model before left in the caches, hits all alike.
    """
    engine = _imported(job.runtime)
    pixels = _images(job)
    reasons: list[str | None] = [None] * len(job.models)
    load_ms: list[list[float]] = [[] for _ in job.models]
    sessions: dict[int, Session] = {}
    for _ in range(LOADS):
        for model, path in enumerate(job.models):
            sessions.pop(model, None)  # its memory goes before the next load begins
            mark("loading", model)
            started = time.perf_counter_ns()
            try:
                sessions[model] = engine.load(Path(path), job.threads)
            except ModelLoadError as error:
                reasons[model] = error.reason
            load_ms[model].append((time.perf_counter_ns() - started) / 1e6)
            emit(Beat())
    inputs: dict[int, list[Values]] = {}
    for model in list(sessions):
        try:
            inputs[model] = _values(sessions[model], pixels, job)
        except ModelLoadError as error:
            reasons[model] = error.reason
            del sessions[model]
    latencies_ms: list[list[float]] = [[] for _ in job.models]
    turns = Turns(job, sessions, inputs, reasons, mark)
    gc.collect()
    gc.disable()
    warmup_runs, settled = warm_up(turns, job.warmup_runs, emit)
    rounds, spent_s = 0, [0.0 for _ in job.models]
    share = 0.0
    while turns.left() and share < 1.0:
        for model, elapsed_ms in turns.take().items():
            latencies_ms[model].append(elapsed_ms)
            spent_s[model] += elapsed_ms / 1e3
        rounds += 1
        least_s = min((spent_s[model] for model in turns.left()), default=job.min_s)
        share = min(1.0, rounds / job.runs, least_s / job.min_s if job.min_s else 1.0)
        emit(Beat(share=share))
    good = [reason is None for reason in reasons]
    return Outcome(
        reasons=tuple(reasons),
        load_ms=tuple(
            statistics.median(x) if ok else None for x, ok in zip(load_ms, good, strict=True)
        ),
        latencies_ms=tuple(
            tuple(x) if ok else None for x, ok in zip(latencies_ms, good, strict=True)
        ),
        warmup_runs=warmup_runs,
        warm=tuple(model in settled for model in range(len(job.models))),
    )


class Turns:
    """Rounds in which every model that still runs is timed once.

    Args:
        job: Gives the seed of the orders.
        sessions: Loaded models; one that fails is dropped.
        inputs: Inputs of each model, used in turn.
        reasons: Why a model was dropped is written here.
        mark: Told what runs.
    """

    def __init__(
        self,
        job: Job,
        sessions: dict[int, Session],
        inputs: dict[int, list[Values]],
        reasons: list[str | None],
        mark: Mark,
    ) -> None:
        self._order = np.random.default_rng(job.seed)
        self._sessions = sessions
        self._inputs = inputs
        self._reasons = reasons
        self._mark = mark
        self._rounds = 0

    def left(self) -> list[int]:
        """Return the models that still run."""
        return sorted(self._sessions)

    def take(self) -> dict[int, float]:
        """Run one round, in an order drawn anew, and return each model's milliseconds."""
        latencies_ms: dict[int, float] = {}
        for model in self._order.permutation(self.left()).tolist():
            session, images = self._sessions[model], self._inputs[model]
            self._mark("running", model)
            session.feed(images[self._rounds % len(images)])
            started = time.perf_counter_ns()
            try:
                session.run()
            except RUN_ERRORS as error:
                self._reasons[model] = f"loads but does not run: {_first_line(error)}"
                del self._sessions[model]
                continue
            latencies_ms[model] = (time.perf_counter_ns() - started) / 1e6
        self._rounds += 1
        return latencies_ms


def warm_up(turns: Turns, window: int, emit: Emit) -> tuple[int, frozenset[int]]:
    """Run models until the median of each has settled from one window to the next.

    Each needs to settle once, not all in the same window: of many models on a machine with other
    work, one is always in a slow moment.

    Returns:
        Rounds that were run, and the models whose median settled within `SETTLED`.
    """
    before: dict[int, float] = {}
    settled: set[int] = set()
    number = 0
    while number < MOST_WINDOWS and not settled.issuperset(turns.left()):
        number += 1
        rounds: list[dict[int, float]] = []
        for _ in range(window):
            rounds.append(turns.take())
            emit(Beat())
        now = {
            model: statistics.median(
                latencies_ms[model] for latencies_ms in rounds if model in latencies_ms
            )
            for model in turns.left()
        }
        settled |= {m for m in now if m in before and abs(now[m] / before[m] - 1.0) <= SETTLED}
        before = now
    return number * window, frozenset(settled)


def _imported(runtime: str) -> Loader:
    """Return a loader whose package is imported: loaders do that when they first load."""
    engine = engines.loader(runtime)
    with suppress(ModelLoadError):
        engine.load(Path(os.devnull), 1)
    return engine


def _images(job: Job) -> Pixels:
    pixels: Pixels = np.load(job.images, allow_pickle=False)
    return pixels


def _values(session: Session, pixels: Pixels, job: Job) -> list[Values]:
    """Return the model's input for each image, `[1, size, size, 3]` each."""
    expected = (1, *pixels.shape[1:])
    if session.input.shape != expected:
        raise ModelLoadError(
            f"the input's shape is {list(session.input.shape)}, but the recipe's is "
            f"{list(expected)}"
        )
    table = encoding_table(job.contract, session.input)
    return [encode(image[np.newaxis], table) for image in pixels]


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


if __name__ == "__main__":
    main()
