"""What every model file gives for the golden inputs on every family of kernels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgetag.bundling.contents import FAMILIES, Expected, Golden
from edgetag.bundling.pictures import Source
from edgetag.bundling.replay import inputs_on_disk, run_over
from edgetag.bundling.result import LeftOut
from edgetag.conversion.result import ExportedVariant
from edgetag.device.compare import tolerance
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import Progress
from edgetag.runtimes import LoadFailure, engines


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

    Args:
        sources: The pictures.
        models: The files.
        n_tags: Scores that each must give.
        contract: How pixels become input.
        progress: Told of every run.

    Returns:
        What `golden.json` holds, and which families could not run here.

    Raises:
        InputError: A file runs nowhere, or gives another number of scores.
    """
    pixels = stacked(sources)
    expected: list[Expected] = []
    left_out: list[LeftOut] = []
    total = len(models) * len(FAMILIES)
    with inputs_on_disk(pixels) as folder, progress.track("golden outputs", total, "runs") as task:
        for file, path in models:
            for family in FAMILIES:
                engine = engines.get(family)
                run = run_over(engine, path, folder, len(pixels), contract)
                task.advance()
                if isinstance(run, LoadFailure):
                    left_out.append(LeftOut(variant=file.variant, family=family, reason=run.reason))
                    continue
                if run.scores.shape[1] != n_tags:
                    raise InputError(
                        f"{path}: it gives {run.scores.shape[1]} scores, but there are {n_tags} "
                        "tags; run: edgetag export"
                    )
                expected.append(
                    Expected(
                        variant=file.variant, family=family, runtime=engine.name,
                        version=engine.version(), tolerance=tolerance(file),
                        scores=tuple(tuple(row) for row in run.scores.tolist()),
                    )
                )  # fmt: skip
            if expected[-1:] == [] or expected[-1].variant != file.variant:
                raise InputError(f"{path}: runs on no runtime here: {left_out[-1].reason}")
    shape = (len(pixels), contract.input_size, contract.input_size, 3)
    pictures = tuple(source.named(number) for number, source in enumerate(sources))
    golden = Golden(
        inputs="golden-inputs.bin", shape=shape, pictures=pictures, expected=tuple(expected)
    )  # fmt: skip
    return golden, tuple(left_out)
