"""Scoring every file on every runtime, and on those here that they are compared with."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgetag.contract import Preprocessing
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset.view import Rows
from edgetag.pool import open_pool
from edgetag.progress import Progress, SilentTask
from edgetag.runtimes import Engine, FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.targets.matrix.elsewhere import host_of
from edgetag.targets.matrix.proof import OLD_RUNTIME, Outcome

REFERENCE = "litert"
"""The runtime of current apps, on this machine."""

Wanted = Mapping[str, Engine | str]
"""Name → the engine, or why there is none of this name."""

Outcomes = dict[tuple[str, str], Outcome]
"""Variant and runtime → what came of it."""


@dataclass(frozen=True)
class Given:
    """What files are scored on.

    Attributes:
        cache: The image cache.
        rows: `[n]` rows of it.
        contract: How pixels become input.
        tags: Scores that a file must give.
        silence_s: Longest silence of a runtime; None for the engine's own.
        cancelled: When set, what is scored is given up.
    """

    cache: Path
    rows: Rows
    contract: Preprocessing
    tags: int
    silence_s: float | None
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class _Job:
    file: ExportedVariant
    path: Path
    name: str
    engine: Engine | str
    rows: Rows


def score_all(
    files: Sequence[tuple[ExportedVariant, Path]], wanted: Wanted, given: Given, progress: Progress
) -> Outcomes:
    """Return the outcome of every file on every wanted runtime, and on those to compare with.

    The old runtime scores a single image where nothing else needs it: loading is all it proves.
    """
    jobs = [job for file, path in files for job in _jobs(file, path, wanted, given)]
    found: Outcomes = {}
    with (
        progress.track("scoring on every runtime", len(jobs), "files") as task,
        open_pool(cancelled=given.cancelled) as pool,
    ):
        for job, outcome in zip(jobs, pool.map(lambda job: _score(job, given), jobs), strict=True):
            found[job.file.variant, job.name] = outcome
            if isinstance(outcome, LoadFailure) and outcome.kind is not FailureKind.UNAVAILABLE:
                progress.say(f"{job.file.variant} on {job.name}: {outcome.kind}: {outcome.reason}")
            task.advance(1, f"{job.file.variant} on {job.name}")
    return found


def _jobs(file: ExportedVariant, path: Path, wanted: Wanted, given: Given) -> list[_Job]:
    here = [REFERENCE]
    for engine in wanted.values():
        if not isinstance(engine, str) and engine.available() is None:
            here.append(host_of(file, engine) or REFERENCE)
    jobs = {
        name: _Job(file, path, name, wanted.get(name) or engines.get(name), given.rows)
        for name in (*wanted, *here)
    }
    old = engines.get(OLD_RUNTIME)
    jobs.setdefault(OLD_RUNTIME, _Job(file, path, OLD_RUNTIME, old, given.rows[:1]))
    return list(jobs.values())


def _score(job: _Job, given: Given) -> Outcome:
    if isinstance(job.engine, str):
        return LoadFailure(FailureKind.UNAVAILABLE, job.engine)
    outcome = score(
        job.engine,
        job.path,
        given.cache,
        job.rows,
        given.contract,
        1,
        SilentTask(),
        given.silence_s,
        given.cancelled,
    )
    if isinstance(outcome, ScoreRun) and outcome.scores.shape[1] != given.tags:
        reason = f"it gives {outcome.scores.shape[1]} scores, but there are {given.tags} tags"
        return LoadFailure(FailureKind.WRONG_OUTPUT, reason)
    return outcome
