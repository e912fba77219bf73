"""Scores of the float network over rows of the image cache, by any engine."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from edgetag.arrays import write_array
from edgetag.cache_index import find_shards
from edgetag.catalogue.desktop import DESKTOP
from edgetag.children import on_host
from edgetag.desktop.availability import missing
from edgetag.desktop.job import (
    Advanced,
    Event,
    FloatModel,
    Place,
    Scored,
    ScoringJob,
)
from edgetag.errors import InputError
from edgetag.messages import Refused
from edgetag.pixels import Normalization
from edgetag.preprocess import Preprocessing
from edgetag.process import run_job
from edgetag.progress import Progress
from edgetag.scratch import scratch_folder

MODULE = "edgetag.desktop.scorer"
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
BATCH = 64
"""Images at once; it changes nothing but speed and the last bits."""

SILENCE_LIMIT_S = 300.0
"""Longest time without a batch. Before the first one a busy machine may import for a minute."""


@dataclass(frozen=True)
class DesktopScores:
    """Scores by an engine, `[n, tags]` float32 in the order of the rows, and where it computed."""

    scores: npt.NDArray[np.float32]
    place: Place


def score(
    model: FloatModel,
    cache: Path,
    rows: npt.NDArray[np.int64],
    contract: Preprocessing,
    progress: Progress,
    batch: int = BATCH,
) -> DesktopScores:
    """Score rows in a process of its own, which no other engine is in.

    Args:
        model: What scores, and where.
        cache: Folder of the image cache.
        rows: `[n]` row numbers.
        contract: From pixels to the model's input.
        progress: Is told of images.
        batch: Images at once.

    Raises:
        InputError: The engine is not installed, has no such device, or cannot run the model.
    """
    title = DESKTOP[model.engine].title
    if reason := missing(model.engine):
        raise InputError(f"{title}: {reason}")
    outcome: Scored | Refused = Refused(reason="it ended without an answer")
    with scratch_folder() as folder:
        job = ScoringJob(
            model=model,
            contract=Normalization.of(contract),
            cache=find_shards(cache),
            rows=folder / "rows.npy",
            scores=folder / "scores.npy",
            batch=batch,
        )
        write_array(job.rows, rows)
        with progress.track(f"scoring with {title}", len(rows), "images") as task:

            def hear(event: Event) -> None:
                nonlocal outcome
                match event:
                    case Advanced(amount=amount):
                        task.advance(amount)
                    case Scored() | Refused():
                        outcome = event

            failure = run_job(partial(on_host, MODULE), job, EVENT, hear, SILENCE_LIMIT_S)
        if failure is not None:
            outcome = Refused(reason=failure.while_doing("scoring"))
        if isinstance(outcome, Refused):
            raise InputError(f"{model.file} under {title}: {outcome.reason}")
        return DesktopScores(np.load(job.scores, allow_pickle=False), outcome.place)
