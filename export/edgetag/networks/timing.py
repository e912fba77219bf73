"""Times the float model under TensorFlow: `python -m edgetag.networks.timing JOB.json`.

A process of its own, since TensorFlow must not be in a process that times a runtime. One JSON
answer goes to the file that the job names.
"""

import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from edgetag import networks
from edgetag.networks.timing_job import BatchTimes, TimingJob, TimingOutcome
from edgetag.preprocess import scale
from edgetag.tf import tf
from edgetag.workspace import write_text

BATCHES = (8, 16, 32, 64)
"""Among these the best batch is sought; larger ones gain little and may not fit into memory."""

PROBES = 3
"""Inferences of each batch size by which the best is found."""


def main() -> None:
    """Do the job in the file named by the first argument."""
    job = TimingJob.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = networks.build(job.network, job.tags, seed=1)
    networks.load_weights(model, job.weights)
    pixels = np.load(job.images, allow_pickle=False)
    images = scale(np.resize(pixels, (max(BATCHES), *pixels.shape[1:])), job.contract)

    @tf.function
    def infer(batch: tf.Tensor) -> tf.Tensor:
        return model(batch, training=False)

    def times(batch: int, runs: int) -> tuple[float, ...]:
        given = tf.constant(images[:batch])
        infer(given).numpy()  # traces and warms up
        found = []
        for _ in range(runs):
            started = time.perf_counter_ns()
            infer(given).numpy()
            found.append((time.perf_counter_ns() - started) / 1e6)
        return tuple(found)

    rates = {batch: batch / min(times(batch, PROBES)) for batch in BATCHES}
    best = max(rates, key=lambda batch: rates[batch])
    outcome = TimingOutcome(
        device=_device(),
        version=version("tensorflow"),
        batches=tuple(
            BatchTimes(batch=batch, latencies_ms=times(batch, job.runs)) for batch in (1, best)
        ),
    )
    write_text(job.answer, outcome.model_dump_json())


def _device() -> str:
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return ""
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))


if __name__ == "__main__":
    main()
