"""Scores of every file on targets, against scores of the same runtime here."""

from collections.abc import Sequence

from edgetag.conversion.exported import exported_files
from edgetag.machine import cores
from edgetag.pool import open_pool
from edgetag.progress import Progress, SharedProgress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import FailureKind, LoadFailure, engines
from edgetag.sampling import spread
from edgetag.targets import store
from edgetag.targets.agreement import compare, host_of, tolerance
from edgetag.targets.forecast import Job, images_on, tell
from edgetag.targets.result import TargetCheck, TargetsResult
from edgetag.targets.scoring import Outcome, Pictures, read_pictures
from edgetag.targets.spots import Spot, require_ready
from edgetag.workspace import Workspace


def check_scores(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    spots: Sequence[Spot],
    images: int | None = None,
    variants: Sequence[str] = (),
) -> TargetsResult:
    """Compare every exported file's scores on targets with the same runtime here.

    What a runtime cannot do is in the result, and the other files are compared. What is found is
    added to `targets/targets.json`.

    Args:
        recipe: Gives the split, the contract and the time limit.
        workspace: The run.
        progress: Told how many images are scored.
        spots: Where.
        images: Spread evenly over the split that decides; None for as many as the recipe says,
            else fewer where a processor is emulated.
        variants: Which files; all where none is named.

    Returns:
        What was found now.

    Raises:
        InputError: A target is not set up, there are no files or images, or a file has changed.
    """
    require_ready(spots)
    files = exported_files(workspace, variants)
    pictures = read_pictures(recipe, workspace)
    asked = images or recipe.targets.images
    jobs = [
        Job(file, path, spot, spread(pictures.rows, images_on(spot, asked)))
        for file, path in files
        for spot in spots
    ]

    def score(job: Job, task: Task) -> Outcome:
        return pictures.score(job.spot.engine, job.path, job.rows, task)

    tell(jobs, score, cores(), progress, pictures.cancelled)
    names = ", ".join(dict.fromkeys(spot.target for spot in spots))
    total = sum(len(job.rows) for job in jobs)
    with (
        SharedProgress(progress).track(f"score on {names}", total, "images") as task,
        open_pool(cancelled=pictures.cancelled) as pool,
    ):
        checks = tuple(pool.map(lambda job: _check(job, pictures, task), jobs))
    result = store.make(recipe, checks)
    store.add(recipe, workspace, result)
    return result


def _check(job: Job, pictures: Pictures, task: Task) -> TargetCheck:
    """Score a file here and there; only the slow side is told."""
    file, spot = job.file, job.spot
    host, limit = engines.get(host_of(file, spot.runtime)), tolerance(file)
    here = pictures.score(host, job.path, job.rows)
    if isinstance(here, LoadFailure) and here.kind is FailureKind.TIMED_OUT:
        there: Outcome = LoadFailure(here.kind, "not tried")
    else:
        there = pictures.score(spot.engine, job.path, job.rows, task)
    comparison = compare(here, there, limit)
    return TargetCheck(
        **spot.facts_of(file),
        host=host.name,
        split=pictures.split,
        images=len(job.rows),
        tolerance=limit,
        differing_images=comparison.differing_images,
        max_difference=comparison.max_difference,
        agreement=comparison.agreement,
        reason=comparison.reason,
    )
