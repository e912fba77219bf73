"""Scores on another machine against scores of the same runtime here."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgetag.catalogue.variants import VARIANTS
from edgetag.conversion.exported import exported_files
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.machine import cores
from edgetag.pool import open_pool
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, SharedProgress, SilentTask, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine, FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.sampling import spread
from edgetag.targets import store
from edgetag.targets.forecast import Job, images_on, tell
from edgetag.targets.naming import WASM
from edgetag.targets.result import Agreement, TargetCheck, TargetsResult
from edgetag.targets.spots import Spot, require_ready
from edgetag.workspace import Workspace

FLOAT_TOLERANCE = 1e-4
"""Of files that compute in float: sums in another order. 4e-6 was seen."""

MIXED_TOLERANCE = 0.03
"""Of files with integer weights that compute partly in float: an activation may be rounded to the
next step when it is quantized. 0.0042 was seen on LiteRT, 0.013 on tflite-runtime, 0.0093
on WebAssembly."""

HOST = {"tflite-runtime": "tflite-runtime-reference", WASM: "litert"}
"""tflite-runtime computes integers on ARM as its reference kernels do on x86, and its default
kernels on x86 round otherwise, by up to 0.02. LiteRT computes the same everywhere, and WebAssembly
as LiteRT does: both by XNNPACK."""

HOST_OF_FLOATS = {WASM: "litert"}
HOST_OF_MIXED = {WASM: "tflite-runtime"}
"""WebAssembly runs float activations on integer weights by the kernels of its time, as
tflite-runtime does; LiteRT's newer ones were up to 0.09 away from both."""


@dataclass(frozen=True)
class _Given:
    """What every file is scored on.

    Attributes:
        cache: The image cache.
        split: That the images are from.
        contract: How pixels become input.
        limit_s: Longest silence of a runtime.
        cancelled: When set, what is scored is given up.
    """

    cache: Path
    split: str
    contract: Preprocessing
    limit_s: float
    cancelled: threading.Event = field(default_factory=threading.Event)

    def score_here(self, job: Job, engine: Engine) -> ScoreRun | LoadFailure:
        """Score a job's file with an engine of this machine; only the slow side is counted."""
        return score(
            engine,
            job.path,
            self.cache,
            job.rows,
            self.contract,
            1,
            SilentTask(),
            self.limit_s,
            self.cancelled,
        )

    def score_there(self, job: Job, task: Task) -> ScoreRun | LoadFailure:
        """Score a job's file where the job says."""
        return score(
            job.spot.engine,
            job.path,
            self.cache,
            job.rows,
            self.contract,
            1,
            task,
            self.limit_s,
            self.cancelled,
        )


def check_scores(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    spots: Sequence[Spot],
    images: int | None = None,
    variants: Sequence[str] = (),
) -> TargetsResult:
    """Compare every exported file's scores on other machines with the same runtime here.

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
        InputError: A machine is not set up, there are no files or images, or a file has changed.
    """
    require_ready(spots)
    files = exported_files(workspace, variants)
    split = recipe.validation.splits[0]
    rows = open_dataset(workspace).rows(split)
    if not len(rows):
        raise InputError(f"{workspace.manifest}: split {split} has no image to compare on")
    given = _Given(
        workspace.cache, split, recipe.network.preprocessing(), recipe.targets.time_limit_s
    )
    asked = images or recipe.targets.images
    jobs = [
        Job(file, path, spot, spread(rows, images_on(spot, asked)))
        for file, path in files
        for spot in spots
    ]
    tell(jobs, given.score_there, cores(), progress, given.cancelled)
    names = ", ".join(dict.fromkeys(spot.target for spot in spots))
    total = sum(len(job.rows) for job in jobs)
    with (
        SharedProgress(progress).track(f"score on {names}", total, "images") as task,
        open_pool(cancelled=given.cancelled) as pool,
    ):
        checks = tuple(pool.map(lambda job: _check(job, given, task), jobs))
    found = store.make(recipe, checks)
    store.add(recipe, workspace, found)
    return found


def _check(job: Job, given: _Given, task: Task) -> TargetCheck:
    file, spot = job.file, job.spot
    host = engines.get(host_of(file, spot.runtime))
    here = given.score_here(job, host)
    if isinstance(here, LoadFailure) and here.kind is FailureKind.TIMED_OUT:
        there: ScoreRun | LoadFailure = LoadFailure(here.kind, "not tried")
    else:
        there = given.score_there(job, task)
    agreement, reason, images, largest = judge(here, there, tolerance(file))
    return TargetCheck(
        variant=file.variant,
        sha256=file.sha256,
        target=spot.target,
        runtime=spot.runtime,
        runtime_version=spot.engine.version(),
        cpu=spot.cpu,
        program=spot.program(),
        host=host.name,
        split=given.split,
        images=len(job.rows),
        tolerance=tolerance(file),
        differing_images=images,
        max_difference=largest,
        agreement=agreement,
        reason=reason,
    )


def host_of(file: ExportedVariant, runtime: str) -> str:
    """Return the engine here that computes a file as a runtime elsewhere should."""
    if is_exact(file):
        return HOST.get(runtime, runtime)
    by_runtime = HOST_OF_FLOATS if is_float(file) else HOST_OF_MIXED
    return by_runtime.get(runtime, runtime)


def is_exact(file: ExportedVariant) -> bool:
    """Whether a file computes in integers alone, so that no rounding of floats is in it."""
    return file.float_tensors == 0


def is_float(file: ExportedVariant) -> bool:
    """Whether a file computes in float alone."""
    return VARIANTS[file.variant].computes == "float"


def tolerance(file: ExportedVariant) -> float:
    """Return how far a score may be from the one here."""
    if is_exact(file):
        return 0.0
    return FLOAT_TOLERANCE if is_float(file) else MIXED_TOLERANCE


def judge(
    here: ScoreRun | LoadFailure, there: ScoreRun | LoadFailure, tolerance: float
) -> tuple[Agreement, str, int | None, float | None]:
    """Return whether scores agree, why there are none, how many images differ, and how far.

    Args:
        here: On this machine.
        there: On the target, of the same images.
        tolerance: Largest difference that is accepted; at 0 the scores must be identical.
    """
    if isinstance(here, LoadFailure):
        told = f"; there: {there.reason}" if isinstance(there, LoadFailure) else ""
        return "not compared", f"here: {here.reason}{told}", None, None
    if isinstance(there, LoadFailure):
        return "fails there", there.reason, None, None
    if here.scores.shape != there.scores.shape:
        shapes = f"{list(there.scores.shape)} scores there, {list(here.scores.shape)} here"
        return "differs", shapes, None, None
    difference = np.abs(here.scores - there.scores)
    images = int((difference > 0).any(axis=1).sum())
    largest = float(difference.max())
    if largest == 0:
        return "identical", "", images, largest
    return "within tolerance" if largest <= tolerance else "differs", "", images, largest
