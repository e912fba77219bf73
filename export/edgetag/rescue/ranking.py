"""Ranks layers by what quantizing each of them alone does to the scores.

All other layers are float then. A layer's own rounding counts, and that of what flows into and out
of it: where one activation's range is too coarse, both layers at its ends rank high, and it takes
both in float to mend it. The images are training images: those that judge do not choose.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from edgetag.conversion.layers import Layer
from edgetag.conversion.representative import stratified_positions
from edgetag.dataset import Dataset, Rows
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.pool import open_pool
from edgetag.progress import Progress
from edgetag.records import Result
from edgetag.rescue.result import LayerError
from edgetag.rescue.scoring import Runtime
from edgetag.runtimes import LoadFailure
from edgetag.scratch import scratch_folder
from edgetag.workspace import digest_json

IMAGES = 64
"""Training images that layers are ranked over, spread over the tags."""

Make = Callable[[Collection[Layer]], bytes]
"""Makes the file that keeps some layers in float."""


class RankingRecord(Result):
    """Errors found so far, so that an interrupted ranking goes on.

    Attributes:
        inputs: Digest of everything that they follow from.
        errors: Layer → error.
    """

    SCHEMA: ClassVar[str] = "edgetag.rescue-ranking/1.0"
    inputs: str
    errors: dict[str, float]


def ranking_rows(dataset: Dataset, seed: int) -> Rows:
    """Return the rows of the images to rank over."""
    rows = dataset.rows("train")
    return np.sort(rows[stratified_positions(dataset.labels(rows), IMAGES, seed)])


def rank(
    layers: Sequence[Layer],
    make: Make,
    runtime: Runtime,
    rows: Rows,
    kept_at: Path,
    workers: int,
    progress: Progress,
) -> tuple[LayerError, ...]:
    """Return all layers, the one of the largest error first.

    Errors are kept at `kept_at` from one call to the next; `workers` files are scored at once.

    Raises:
        InputError: A file with one quantized layer does not run.
    """
    with scratch_folder() as folder:
        baseline = folder / "float.tflite"
        baseline.write_bytes(make(layers))
        making = runtime.making(baseline, rows).model_dump()
        # Of the quantized layers the file with all in float says nothing.
        quantized = hashlib.sha256(make(())).hexdigest()
        inputs = digest_json([dependencies_of(__name__).digest, making, quantized, layers])
        kept = RankingRecord.read_kept(kept_at)
        errors = dict(kept.errors) if kept and kept.inputs == inputs else {}
        todo = [layer for layer in layers if layer.name not in errors]
        with progress.track("ranking layers", len(layers), "layers") as task:
            task.advance(len(errors))
            expected = _score(runtime, baseline, rows) if todo else None
            while todo and expected is not None:
                batch, todo = todo[:workers], todo[workers:]
                files = [folder / f"{i}.tflite" for i in range(len(batch))]
                for layer, file in zip(batch, files, strict=True):
                    file.write_bytes(make([other for other in layers if other != layer]))
                with open_pool(workers) as pool:
                    scored = list(pool.map(lambda file: _score(runtime, file, rows), files))
                for layer, scores in zip(batch, scored, strict=True):
                    errors[layer.name] = float(np.sqrt(np.mean((scores - expected) ** 2)))
                RankingRecord(inputs=inputs, errors=errors).write(kept_at)
                task.advance(len(batch))
    ranked = sorted(layers, key=lambda layer: -errors[layer.name])
    return tuple(
        LayerError(name=x.name, label=x.label, operator=x.operator, error=errors[x.name])
        for x in ranked
    )


def _score(runtime: Runtime, file: Path, rows: Rows) -> Scores:
    outcome = runtime.score(file, rows)
    if isinstance(outcome, LoadFailure):
        raise InputError(
            f"ranking layers: a file with one quantized layer is {outcome.kind}: {outcome.reason}"
        )
    return outcome
