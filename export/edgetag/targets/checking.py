"""Scores of every file on targets, against scores of the same runtime here."""

from collections.abc import Sequence
from dataclasses import replace

from edgetag.conversion.exported import exported_files
from edgetag.machine import cores
from edgetag.pool import open_pool
from edgetag.progress import Progress, SharedProgress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine, FailureKind, LoadFailure, engines
from edgetag.sampling import spread
from edgetag.targets import store
from edgetag.targets.agreement import compare, host_of, tolerance
from edgetag.targets.asked import facts_of, require_comparable, require_ready, target_of
from edgetag.targets.forecast import images_on, tell
from edgetag.targets.result import TargetCheck, TargetsResult
from edgetag.targets.scoring import Job, Outcome, Pictures, read_pictures
from edgetag.workspace import Workspace


def check_scores(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    there: Sequence[Engine],
    images: int | None = None,
    variants: Sequence[str] = (),
) -> TargetsResult:
    """Compare every exported file's scores on targets with the same runtime here.

    What a runtime cannot do is in the result, and the other files are compared. What is found is
    added to `targets/targets.json`.

    `images` are spread evenly over the split that decides; None stands for as many as the
    recipe says, else fewer where a processor is emulated. Without `variants` all are compared.

    Returns:
        What was found now.

    Raises:
        InputError: A target is not set up, none has an engine here to compare with, there are no
            files or images, or a file has changed.
    """
    require_ready(there)
    require_comparable(there)
    files = exported_files(workspace, variants)
    pictures = read_pictures(recipe, workspace)
    asked = images or recipe.targets.images
    jobs = [
        Job(file, path, engine, spread(pictures.rows, images_on(engine, asked)))
        for file, path in files
        for engine in there
    ]
    tell(jobs, pictures.score, cores(), progress, pictures.cancelled)
    names = ", ".join(dict.fromkeys(target_of(engine) for engine in there))
    total = sum(len(job.rows) for job in jobs)
    with (
        SharedProgress(progress).track(f"score on {names}", total, "images") as task,
        open_pool(cancelled=pictures.cancelled) as pool,
    ):
        checks = tuple(pool.map(lambda job: _check(job, pictures, task), jobs))
    result = store.make(recipe, checks)
    store.add(recipe, workspace, result)
    return result


def _check(job: Job[Engine], pictures: Pictures, task: Task) -> TargetCheck:
    """Score a file here and there; only the slow side is told."""
    host, limit = (
        engines.get(host_of(job.file, job.engine.inner)),
        tolerance(job.file, job.engine.inner),
    )
    here = pictures.score(replace(job, engine=host))
    if isinstance(here, LoadFailure) and here.kind is FailureKind.TIMED_OUT:
        there: Outcome = LoadFailure(here.kind, "not tried")
    else:
        there = pictures.score(job, task)
    comparison = compare(here, there, limit)
    return TargetCheck.like(
        comparison,
        **facts_of(job.file, job.engine),
        accelerator=engines.acceleration(job.engine.name, there),
        host=host.name,
        split=pictures.split,
        images=len(job.rows),
        tolerance=limit,
    )
