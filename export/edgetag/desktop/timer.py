"""Times an engine with the float network: `python -m edgetag.desktop.timer JOB.json`."""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from edgetag.children import begin_job
from edgetag.desktop.engine import open_model, place_of, refusals
from edgetag.desktop.job import Advanced, BatchTimes, Timed, TimingJob
from edgetag.desktop.nvidia import Gpu, count_as_the_system_does, open_gpu
from edgetag.pixels import scale

BATCHES = (8, 16, 32, 64)
"""Among these the best batch is sought; larger ones gain little and may not fit into memory."""

FEWEST = 30
"""Inferences of a batch, however large: fewer give no interval of the 90th percentile."""

PROBES = 3
"""Inferences of each batch size by which the best is found."""


def main() -> None:
    """Do the job in the file named by the first argument."""
    job, emit = begin_job(TimingJob)
    count_as_the_system_does()
    pixels = np.load(job.images, allow_pickle=False)
    images = scale(np.resize(pixels, (max(BATCHES), *pixels.shape[1:])), job.contract)
    with refusals(emit):
        used_before = _used_before(job.model.device)
        opened = open_model(job.model)

        def once(batch: int) -> float:
            given = opened.place(images[:batch])
            started = time.perf_counter_ns()
            opened.infer(given)
            elapsed_ms = (time.perf_counter_ns() - started) / 1e6
            emit(Advanced())
            return elapsed_ms

        def rate(batch: int) -> float:
            once(batch)  # chooses kernels
            return batch / min(once(batch) for _ in range(PROBES))

        gpu = None if opened.gpu is None else open_gpu(opened.gpu)
        # One image before the larger batches, whose memory engines keep.
        one = _timed(1, partial(once, 1), job, gpu, used_before)
        best = max(BATCHES, key=rate)
        batches = (one, _timed(best, partial(once, best), job, gpu, used_before))
        emit(Timed(place=place_of(opened, gpu, job.model.device), batches=batches))


def _used_before(device: str) -> int:
    """Return the bytes in use of the GPU that may be taken, before an engine takes some."""
    gpu = open_gpu(int(device.partition(":")[2] or 0)) if device != "cpu" else None
    return gpu.used_bytes() if gpu else 0


def _timed(
    batch: int, once: Callable[[], float], job: TimingJob, gpu: Gpu | None, used_before: int
) -> BatchTimes:
    """Warm up until the median settles, then time."""
    warm, before = False, 0.0
    window = max(PROBES, job.warmup_runs // batch)
    for _ in range(job.most_windows):
        now = statistics.median(once() for _ in range(window))
        warm = before > 0 and abs(now / before - 1.0) <= job.settled
        if warm:
            break
        before = now
    latencies_ms: list[float] = []
    joules_before = gpu.joules() if gpu else None
    while len(latencies_ms) < _runs(batch, job) or sum(latencies_ms) < 1e3 * job.min_s:
        latencies_ms.append(once())
    joules = gpu.joules() if gpu else None
    joules_per_image = None
    if joules is not None and joules_before is not None:
        joules_per_image = (joules - joules_before) / (batch * len(latencies_ms))
    return BatchTimes(
        batch=batch,
        warm=warm,
        latencies_ms=tuple(latencies_ms),
        # Engines keep the memory that they had most of, so it need not be asked while they compute.
        peak_gpu_bytes=gpu.used_bytes() - used_before if gpu else None,
        joules_per_image=joules_per_image,
    )


def _runs(batch: int, job: TimingJob) -> int:
    """Return how often a batch is timed, at least: a quick look at a large one takes fewer."""
    return job.runs if job.min_s else max(min(job.runs, FEWEST), job.runs // batch)


if __name__ == "__main__":
    main()
