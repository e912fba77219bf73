"""Scores on an emulated machine against scores of the same runtime here."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import open_dataset
from edgetag.dataset.workers import cores
from edgetag.device.files import exported_files
from edgetag.device.result import Agreement, TargetCheck, TargetsResult
from edgetag.emulation import Target, open_target
from edgetag.preprocess import Preprocessing
from edgetag.progress import Progress, Task
from edgetag.recipe import Recipe
from edgetag.runtimes import LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.emulated import SILENCE_LIMIT_S, Emulated
from edgetag.runtimes.protocol import Engine
from edgetag.workspace import Workspace, write_text

IMAGES = 32

FLOAT_TOLERANCE = 1e-4
"""Of files that compute in float: sums in another order. 7e-7 was seen."""

MIXED_TOLERANCE = 0.03
"""Of files with integer weights that compute partly in float: an activation may be rounded to the
next step when it is quantized. 0.0024 was seen on LiteRT, 0.011 on tflite-runtime."""

HOST = {"tflite-runtime": "tflite-runtime-reference"}
"""tflite-runtime computes integers on ARM as its reference kernels do on x86, and its default
kernels on x86 round otherwise, by up to 0.02. LiteRT computes the same everywhere."""


def compare_targets(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    target: Target,
    images: int = IMAGES,
    variants: Sequence[str] = (),
    cpu: str | None = None,
    cache: Path | None = None,
) -> TargetsResult:
    """Compare every exported file on every runtime of a target with the same runtime here.

    Args:
        recipe: Gives the split, the runtimes and the contract.
        workspace: The run.
        progress: Told how many images are scored.
        target: The machine.
        images: Spread evenly over the split that decides; all of it where it has fewer.
        variants: Which files; all where none is named.
        cpu: The processor; None for the target's first.
        cache: The folder of all targets; None for the default one.

    Raises:
        InputError: The target is not set up, there are no files, or one has changed.
    """
    installed, _ = open_target(target, cache)
    files = exported_files(workspace, variants)
    split = recipe.validation.splits[0]
    rows = _spread(open_dataset(workspace).rows(split), images)
    has = dict(target.runtimes)
    there = [
        Emulated(target, name, target.cpu(cpu), cache)
        for name in recipe.validation.runtimes
        if name in has
    ]
    contract = recipe.network.preprocessing()
    total = len(files) * len(there) * len(rows)
    with (
        progress.track(f"score on emulated {target.name}", total, "images") as task,
        ThreadPoolExecutor(cores()) as pool,
    ):
        checks = pool.map(
            lambda job: _check(job[0][0], job[0][1], job[1], workspace.cache, rows, contract, task),
            [(file, engine) for file in files for engine in there],
        )
        result = TargetsResult(
            target=target.name,
            emulator_version=installed.emulator_version,
            cpu=target.cpu(cpu).name,
            split=split,
            images=len(rows),
            checks=tuple(checks),
        )
    write_text(workspace.device / f"check-{target.name}.json", result.to_json())
    return result


def _spread(rows: npt.NDArray[np.int64], images: int) -> npt.NDArray[np.int64]:
    if len(rows) <= images:
        return rows
    return rows[np.linspace(0, len(rows) - 1, images).astype(np.int64)]


class _Untold:
    def advance(self, amount: int = 1, note: str = "") -> None:
        """Do nothing: only the slow side is counted."""


def _check(
    file: ExportedVariant,
    path: Path,
    engine: Emulated,
    cache: Path,
    rows: npt.NDArray[np.int64],
    contract: Preprocessing,
    task: Task,
) -> TargetCheck:
    host: Engine = engines.get(
        HOST.get(engine.inner, engine.inner) if is_exact(file) else engine.inner
    )
    limit = SILENCE_LIMIT_S
    here = score(host, path, cache, rows, contract, 1, _Untold(), limit)
    there = score(engine, path, cache, rows, contract, 1, task, limit)
    agreement, reason, images, largest = judge(here, there, tolerance(file))
    return TargetCheck(
        variant=file.variant,
        runtime=engine.inner,
        runtime_version=engine.version(),
        host=host.name,
        tolerance=tolerance(file),
        differing_images=images,
        max_difference=largest,
        agreement=agreement,
        reason=reason,
    )


def is_exact(file: ExportedVariant) -> bool:
    """Whether a file computes in integers alone, so that no rounding of floats is in it."""
    return file.float_tensors == 0


def tolerance(file: ExportedVariant) -> float:
    """Return how far a score may be from the one here."""
    if is_exact(file):
        return 0.0
    return FLOAT_TOLERANCE if file.variant in ("fp32", "fp16") else MIXED_TOLERANCE


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
