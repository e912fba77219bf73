"""Times the float model under TensorFlow: `python -m edgetag.networks.timing JOB.json`.

A process of its own, since TensorFlow must not be in a process that times a runtime.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import numpy as np

from edgetag import networks
from edgetag.children import begin_job
from edgetag.networks.timing_job import BatchTimes, Inferred, TimingJob, TimingOutcome
from edgetag.preprocess import scale
from edgetag.tf import tf

BATCHES = (8, 16, 32, 64)
"""Among these the best batch is sought; larger ones gain little and may not fit into memory."""

FEWEST = 30
"""Inferences of a batch, however large: fewer give no interval of the 90th percentile."""

PROBES = 3
"""Inferences of each batch size by which the best is found."""


def main() -> None:
    """Do the job in the file named by the first argument."""
    job, emit = begin_job(TimingJob)
    model = networks.build_untrained(job.network, job.tags)
    networks.load_weights(model, job.weights)
    pixels = np.load(job.images, allow_pickle=False)
    images = scale(np.resize(pixels, (max(BATCHES), *pixels.shape[1:])), job.contract)

    # Of any batch: a graph for each size would take no less time and seconds more to build.
    @tf.function(input_signature=[tf.TensorSpec((None, *images.shape[1:]), tf.float32)])
    def infer(batch: tf.Tensor) -> tf.Tensor:
        return model(batch, training=False)

    def once(batch: int) -> float:
        given = tf.constant(images[:batch])
        started = time.perf_counter_ns()
        infer(given).numpy()
        elapsed_ms = (time.perf_counter_ns() - started) / 1e6
        emit(Inferred())
        return elapsed_ms

    def rate(batch: int) -> float:
        once(batch)  # chooses kernels
        return batch / min(once(batch) for _ in range(PROBES))

    best = max(BATCHES, key=rate)
    emit(
        TimingOutcome(
            device=_device(),
            version=version("tensorflow"),
            batches=tuple(_timed(batch, partial(once, batch), job) for batch in (1, best)),
        )
    )


def _timed(batch: int, once: Callable[[], float], job: TimingJob) -> BatchTimes:
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
    while len(latencies_ms) < _runs(batch, job) or sum(latencies_ms) < 1e3 * job.min_s:
        latencies_ms.append(once())
    return BatchTimes(batch=batch, warm=warm, latencies_ms=tuple(latencies_ms))


def _runs(batch: int, job: TimingJob) -> int:
    """Return how often a batch is timed, at least: a quick look at a large one takes fewer."""
    return job.runs if job.min_s else max(min(job.runs, FEWEST), job.runs // batch)


def _device() -> str:
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return ""
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))


if __name__ == "__main__":
    main()
