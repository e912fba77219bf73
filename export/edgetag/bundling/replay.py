"""Runs model files over golden inputs, each engine in a process of its own."""

from pathlib import Path

import numpy as np

from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentTask
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, score
from edgetag.runtimes.emulation.engine import SILENCE_LIMIT_S


def run_over(
    engine: Engine, model: Path, folder: Path, pictures: int, contract: Preprocessing
) -> ScoreRun | LoadFailure:
    """Score the golden inputs.

    Args:
        engine: Here or elsewhere.
        model: The `.tflite` file.
        folder: See `temporary_images.images_on_disk`.
        pictures: How many inputs there are.
        contract: How pixels become the model's input.
    """
    rows = np.arange(pictures, dtype=np.int64)
    return score(engine, model, folder, rows, contract, 1, SilentTask(), SILENCE_LIMIT_S)
