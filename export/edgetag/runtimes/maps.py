"""Class activation maps of a file over cache rows, by its second signature."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.contract import Preprocessing
from edgetag.progress import Task
from edgetag.runtimes.protocol import Engine
from edgetag.runtimes.scoring import LoadFailure, score

WORKER = "edgetag.runtimes.maps_worker"


@dataclass(frozen=True)
class MapRun:
    """What a file's signature `explain` gave.

    Attributes:
        scores: `[n, tags]` float32, in the order of the rows.
        maps: `[n, height, width, tags]` float32, before the sigmoid.
    """

    scores: npt.NDArray[np.float32]
    maps: npt.NDArray[np.float32]


def explain(
    engine: Engine,
    model_path: Path,
    cache_folder: Path,
    rows: npt.NDArray[np.int64],
    contract: Preprocessing,
    task: Task,
) -> MapRun | LoadFailure:
    """Return a file's maps over rows of the image cache, by one thread in a process of its own.

    Args:
        engine: The runtime; LiteRT or tflite-runtime, here or on an emulated machine.
        model_path: The file.
        cache_folder: The image cache.
        rows: `[n]` row numbers, in any order.
        contract: How pixels become the model's input.
        task: Told how many images more are done.

    Returns:
        Why there are none, where the file or the runtime lacks the signature.

    Raises:
        InputError: The image cache is damaged, or the disk is full.
    """
    outcome = score(
        engine,
        model_path,
        cache_folder,
        rows,
        contract,
        task=task,
        module=WORKER,
    )
    if isinstance(outcome, LoadFailure):
        return outcome
    written = outcome.scores  # as `maps_worker` packs them
    return MapRun(scores=written[:, -1, 0], maps=written[:, :-1])
