"""Runs model files over golden inputs, each engine in a process of its own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.bundling.contents import Expected
from edgetag.preprocess import Preprocessing
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, score
from edgetag.runtimes.emulation.engine import SILENCE_LIMIT_S


def run_over(
    engine: Engine, model: Path, folder: Path, pictures: int, contract: Preprocessing
) -> ScoreRun | LoadFailure:
    """Score the golden inputs.

    For `folder` see `temporary_images.images_on_disk`; it holds so many pictures.
    """
    rows = np.arange(pictures, dtype=np.int64)
    return score(engine, model, folder, rows, contract, timeout_s=SILENCE_LIMIT_S)


def nearest(scores: npt.NDArray[np.float32], known: Sequence[Expected]) -> tuple[Expected, float]:
    """Return the family that the scores agree with, else the nearest, and the distance."""
    distances = [
        (expected, _distance(scores, np.array(expected.scores, np.float32))) for expected in known
    ]
    agreeing = [pair for pair in distances if pair[1] <= pair[0].tolerance]
    return min(agreeing or distances, key=lambda pair: pair[1])


def _distance(scores: npt.NDArray[np.float32], known: npt.NDArray[np.float32]) -> float:
    return float(np.abs(scores.astype(np.float64) - known).max())
