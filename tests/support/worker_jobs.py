"""Jobs of the process that scores a file, as it reads them from a folder."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.cache_index import find_shards
from edgetag.messages import to_line
from edgetag.pixels import Normalization
from edgetag.runtimes.messages import Job
from tests.support.paths import MODELS


def write_job(
    folder: Path,
    cache: Path,
    rows: npt.NDArray[Any],
    model: str = "tiny_int8_uint8.tflite",
    engine: str = "litert",
) -> Path:
    """Write a job whose scores go to `scores.npy` beside it, and return its path."""
    job = Job(
        engine=engine,
        model=MODELS / model,
        cache=find_shards(cache),
        rows=folder / "rows.npy",
        scores=folder / "scores.npy",
        contract=Normalization(127.0, 128.0),
        threads=1,
    )
    np.save(job.rows, rows)
    (folder / "job.json").write_text(to_line(job))
    return folder / "job.json"
