"""Scoring every file on every runtime, and on those here that they are compared with."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import Rows
from edgetag.pool import open_pool
from edgetag.progress import Progress
from edgetag.runtimes import Engine, FailureKind, LoadFailure, engines
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.npm import NpmEngine
from edgetag.targets import agreement
from edgetag.targets.matrix.proof import OLD_RUNTIME
from edgetag.targets.scoring import Job, Outcome, Pictures

Wanted = Mapping[str, Engine]
"""The engines that are asked for by name, available or not."""

Outcomes = dict[tuple[str, str], Outcome]
"""Variant and runtime → what came of it."""


def score_all(
    files: Sequence[tuple[ExportedVariant, Path]],
    wanted: Wanted,
    pictures: Pictures,
    rows: Rows,
    progress: Progress,
) -> Outcomes:
    """Return the outcome of every file on every wanted runtime, and on those to compare with.

    The old runtime scores a single image where nothing else needs it: loading is all it proves.
    """
    jobs = [job for file, path in files for job in _jobs(file, path, wanted, rows)]
    outcomes: Outcomes = {}
    with (
        progress.track("scoring on every runtime", len(jobs), "files") as task,
        open_pool(cancelled=pictures.cancelled) as pool,
    ):
        for job, outcome in zip(jobs, pool.map(pictures.score, jobs), strict=True):
            outcomes[job.file.variant, job.engine.name] = outcome
            if isinstance(outcome, LoadFailure) and outcome.kind is not FailureKind.UNAVAILABLE:
                progress.say(f"{job.name}: {outcome.kind}: {outcome.reason}")
            task.advance(1, job.name)
    return outcomes


def host_of(file: ExportedVariant, engine: Engine) -> str | None:
    """Return the engine here that computes a file as another one elsewhere should.

    Args:
        file: Integers are computed by other kernels than floats.
        engine: One elsewhere; of one here, it is None.
    """
    if isinstance(engine, Emulated | NpmEngine):
        return agreement.host_of(file, engine.inner)
    return None


def _jobs(file: ExportedVariant, path: Path, wanted: Wanted, rows: Rows) -> list[Job[Engine]]:
    there = [engine for engine in wanted.values() if engine.available() is None]
    here = [DEFAULT_ENGINE, *(host_of(file, engine) or DEFAULT_ENGINE for engine in there)]
    needed = dict(wanted) | {name: engines.get(name) for name in here if name not in wanted}
    jobs = [Job(file, path, engine, rows) for engine in needed.values()]
    if OLD_RUNTIME not in needed:
        jobs.append(Job(file, path, engines.get(OLD_RUNTIME), rows[:1]))
    return jobs
