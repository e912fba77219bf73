"""Runs model files over golden inputs, each engine in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgetag.image_cache import CacheIndex, shard_path
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import SilentTask
from edgetag.runtimes import Engine, LoadFailure, ScoreRun, score
from edgetag.runtimes.emulation.engine import SILENCE_LIMIT_S
from edgetag.scratch import scratch_folder
from edgetag.workspace import write_array, write_text


@contextmanager
def inputs_on_disk(pixels: Pixels) -> Iterator[Path]:
    """Lay golden inputs out as an image cache, which engines read.

    Args:
        pixels: `[pictures, size, size, 3]` uint8.

    Yields:
        A folder that is gone when the block ends.
    """
    with scratch_folder() as folder:
        write_array(shard_path(folder, 0), pixels)
        index = CacheIndex(
            images=len(pixels),
            input_size=pixels.shape[1],
            shard_images=len(pixels),
            fingerprint="golden",
        )
        write_text(folder / "index.json", index.to_json())
        yield folder


def run_over(
    engine: Engine, model: Path, folder: Path, pictures: int, contract: Preprocessing
) -> ScoreRun | LoadFailure:
    """Score the golden inputs.

    Args:
        engine: Here or elsewhere.
        model: The `.tflite` file.
        folder: See `inputs_on_disk`.
        pictures: How many inputs there are.
        contract: How pixels become the model's input.
    """
    rows = np.arange(pictures, dtype=np.int64)
    return score(engine, model, folder, rows, contract, 1, SilentTask(), SILENCE_LIMIT_S)
