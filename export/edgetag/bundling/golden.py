"""What every model file gives for the golden inputs on every family of kernels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgetag.bundling.contents import FAMILIES, Expected, Family, Golden
from edgetag.bundling.pictures import Source
from edgetag.bundling.released import without_folders
from edgetag.bundling.replay import run_over
from edgetag.bundling.result import LeftOut
from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import Progress
from edgetag.runtimes import LoadFailure, engines
from edgetag.targets.agreement import tolerance
from edgetag.temporary_images import images_on_disk


def stacked(sources: Sequence[Source]) -> Pixels:
    """Return the golden inputs `[pictures, size, size, 3]` uint8."""
    return np.stack([source.pixels for source in sources])


def make_golden(
    sources: Sequence[Source],
    models: Sequence[tuple[ExportedVariant, Path]],
    n_tags: int,
    contract: Preprocessing,
    progress: Progress,
) -> tuple[Golden, tuple[LeftOut, ...]]:
    """Run every file on every family that this machine has.

    Each model must give `n_tags` scores.

    Returns:
        What `golden.json` holds, and which families could not run here.

    Raises:
        InputError: A file runs nowhere, or gives another number of scores.
    """
    pixels = stacked(sources)
    expected: list[Expected] = []
    left_out: list[LeftOut] = []
    total = len(models) * len(FAMILIES)
    with (
        images_on_disk(pixels, contract.input_size) as folder,
        progress.track("golden outputs", total, "runs") as task,
    ):
        for file, path in models:
            outcomes = [
                _expect(file, path, family, folder, pixels, contract) for family in FAMILIES
            ]
            task.advance(len(outcomes))
            ran = [outcome for outcome in outcomes if isinstance(outcome, Expected)]
            missing = [outcome for outcome in outcomes if isinstance(outcome, LeftOut)]
            if not ran:
                raise InputError(f"{path}: runs on no runtime here: {missing[0].reason}")
            if len(ran[0].scores[0]) != n_tags:
                raise InputError(
                    f"{path}: it gives {len(ran[0].scores[0])} scores, but there are {n_tags} "
                    "tags; run: edgetag export"
                )
            expected += ran
            left_out += missing
    golden = Golden(
        inputs="golden-inputs.bin",
        shape=(len(pixels), contract.input_size, contract.input_size, 3),
        pictures=tuple(source.named(number) for number, source in enumerate(sources)),
        expected=tuple(expected),
    )
    return golden, tuple(left_out)


def _expect(
    file: ExportedVariant,
    path: Path,
    family: Family,
    folder: Path,
    pixels: Pixels,
    contract: Preprocessing,
) -> Expected | LeftOut:
    """Run one file on one family's engine here; the two have the same name."""
    engine = engines.get(family)
    run = run_over(engine, path, folder, len(pixels), contract)
    if isinstance(run, LoadFailure):
        return LeftOut(variant=file.variant, family=family, reason=without_folders(run.reason))
    return Expected(
        variant=file.variant,
        family=family,
        runtime=engine.name,
        version=engine.version(),
        tolerance=tolerance(file, engine.name),
        scores=tuple(tuple(row) for row in run.scores.tolist()),
    )
