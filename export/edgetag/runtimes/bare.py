"""The bare interpreter, to hold scoring against: `python -m edgetag.runtimes.bare JOB.json`.

A loop that sets, runs and reads, over inputs that are encoded already, and nothing else.
It takes the job of the scoring process, runs as often as that has rows, and keeps no scores.
"""

import time

import numpy as np

from edgetag.children import Emit
from edgetag.image_cache import ImageCache
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.runtimes.messages import Done, Job
from edgetag.runtimes.session import Session
from edgetag.runtimes.worker import main

INPUT_BYTES = 64 << 20
"""Encoded inputs in memory; they are taken in turn."""


def run_bare(session: Session, job: Job, cache: ImageCache, emit: Emit) -> None:
    """Time the loop; see `worker.Work`."""
    rows = np.load(job.rows, allow_pickle=False)
    table = encoding_table(job.contract, session.input)
    size = cache.shards.input_size
    count = max(1, INPUT_BYTES // (size * size * 3 * table.itemsize))
    inputs = [encode(cache[rows[i : i + 1]], table) for i in range(min(count, len(rows)))]
    started, cpu_started = time.monotonic(), time.process_time()
    for number in range(len(rows)):
        session.feed(inputs[number % len(inputs)])
        session.run()
        session.read()
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu_started
    emit(Done(seconds=seconds, cpu_seconds=cpu_seconds))


if __name__ == "__main__":
    main(run_bare)
