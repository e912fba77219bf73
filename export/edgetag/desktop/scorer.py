"""Scores rows by an engine: `python -m edgetag.desktop.scorer JOB.json`."""

import numpy as np

from edgetag.arrays import write_array
from edgetag.children import begin_job
from edgetag.desktop.engine import open_model, place_of, refusals
from edgetag.desktop.job import Advanced, Scored, ScoringJob
from edgetag.desktop.nvidia import count_as_the_system_does, open_gpu
from edgetag.errors import InputError
from edgetag.image_cache import ImageCache
from edgetag.pixels import scale

ROUNDING = 1e-4
"""So far beyond 0 or 1 a score may be, by the rounding of sums."""


def main() -> None:
    """Do the job in the file named by the first argument."""
    job, emit = begin_job(ScoringJob)
    count_as_the_system_does()
    with refusals(emit):
        opened, cache = open_model(job.model), ImageCache(job.cache)
        rows = np.load(job.rows, allow_pickle=False)
        scores = np.empty((len(rows), job.model.tags), dtype=np.float32)
        for start in range(0, len(rows), job.batch):
            batch = rows[start : start + job.batch]
            given = opened.infer(opened.place(scale(cache[batch], job.contract)))
            if given.shape != (len(batch), job.model.tags) or not np.isfinite(given).all():
                raise InputError(f"it gives no scores for {len(batch)} images: {given.shape}")
            if given.min() < -ROUNDING or given.max() > 1 + ROUNDING:
                raise InputError("it gives scores outside 0..1; its last layer lacks a sigmoid")
            scores[start : start + len(batch)] = given.clip(0, 1)
            emit(Advanced(amount=len(batch)))
        write_array(job.scores, scores)
        gpu = None if opened.gpu is None else open_gpu(opened.gpu)
        emit(Scored(place=place_of(opened, gpu, job.model.device)))


if __name__ == "__main__":
    main()
