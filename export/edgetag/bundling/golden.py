"""What every model file gives for the golden inputs on every family of kernels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgetag.bundling.contents import FAMILIES, Expected, ExpectedMaps, Family, Golden
from edgetag.bundling.golden_maps import Known
from edgetag.bundling.pictures import Source
from edgetag.bundling.released import without_folders
from edgetag.bundling.replay import cells_over, run_over
from edgetag.bundling.result import LeftOut
from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import Progress
from edgetag.runtimes import LoadFailure, engines
from edgetag.targets.agreement import cell_tolerance, tolerance
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
) -> tuple[Golden, tuple[Known, ...], tuple[LeftOut, ...]]:
    """Run every file on every family that this machine has.

    Each model must give `n_tags` scores.

    Returns:
        What `golden.json` holds, its entries with their heat maps, and which families could not
        run here.

    Raises:
        InputError: A file runs nowhere, or gives another number of scores.
    """
    pixels = stacked(sources)
    known: list[Known] = []
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
            ran = [outcome for outcome in outcomes if isinstance(outcome, Known)]
            missing = [outcome for outcome in outcomes if isinstance(outcome, LeftOut)]
            if not ran:
                raise InputError(f"{path}: runs on no runtime here: {missing[0].reason}")
            if (scores := len(ran[0].expected.scores[0])) != n_tags:
                raise InputError(
                    f"{path}: it gives {scores} scores, but there are {n_tags} "
                    "tags; run: edgetag export"
                )
            known += ran
            left_out += missing
    golden = Golden(
        inputs="golden-inputs.bin",
        shape=(len(pixels), contract.input_size, contract.input_size, 3),
        pictures=tuple(source.named(number) for number, source in enumerate(sources)),
        expected=tuple(entry.expected for entry in known),
        maps="golden-maps.bin" if any(entry.expected.maps for entry in known) else None,
    )
    return golden, tuple(known), tuple(left_out)


def _expect(
    file: ExportedVariant,
    path: Path,
    family: Family,
    folder: Path,
    pixels: Pixels,
    contract: Preprocessing,
) -> Known | LeftOut:
    """Run one file on one family's engine here; the two have the same name."""
    engine = engines.get(family)
    run = run_over(engine, path, folder, len(pixels), contract)
    if isinstance(run, LoadFailure):
        return _left_out(file, family, run)
    cells = None
    if file.explain_maps is not None:
        cells = cells_over(engine, path, folder, len(pixels), contract)
    if isinstance(cells, LoadFailure):
        return _left_out(file, family, cells)
    expected = Expected(
        variant=file.variant,
        family=family,
        runtime=engine.name,
        version=engine.version(),
        tolerance=tolerance(file, engine.name),
        scores=tuple(tuple(row) for row in run.scores.tolist()),
        maps=None
        if cells is None
        else ExpectedMaps(
            height=cells.shape[1], width=cells.shape[2], tolerance=cell_tolerance(file)
        ),
    )
    return Known(expected, cells)


def _left_out(file: ExportedVariant, family: Family, failure: LoadFailure) -> LeftOut:
    return LeftOut(variant=file.variant, family=family, reason=without_folders(failure.reason))
