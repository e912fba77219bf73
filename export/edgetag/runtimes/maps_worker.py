"""Runs a file's signature `explain`: `python -m edgetag.runtimes.maps_worker JOB.json`.

It takes the job of the scoring process. What it writes is one array, since a job has one place
for what comes out: `[n, height + 1, width, tags]` float32, the maps, and in one row of cells more
the scores, in its first cell.
"""

import time

import numpy as np

from edgetag.arrays import write_array
from edgetag.children import Emit
from edgetag.image_cache import ImageCache
from edgetag.runtimes.encoding import ImageEncoder, encoding_table
from edgetag.runtimes.inference import MapRunner
from edgetag.runtimes.messages import Done, Job, Scored
from edgetag.runtimes.session import Session
from edgetag.runtimes.worker import REPORT_EVERY_S, main


def map_rows(session: Session, job: Job, cache: ImageCache, emit: Emit) -> None:
    """Run the signature over the job's rows; see `worker.Work`.

    Raises:
        ModelLoadError: The file or the runtime lacks the signature, or it fails while it runs.
        WrongOutputError: What it gives are no scores or no maps.
    """
    maps = MapRunner(session)
    rows = np.load(job.rows, allow_pickle=False)
    encoder = ImageEncoder(encoding_table(job.contract, session.input), cache.shards.input_size)
    height, width, tags = maps.shape
    out = np.zeros((len(rows), height + 1, width, tags), dtype=np.float32)
    started, cpu_started = time.monotonic(), time.process_time()
    reported = started
    for image in range(len(rows)):
        values = encoder.encode(cache[rows[image : image + 1]])
        out[image, height, 0], out[image, :height] = maps.run(values)
        now = time.monotonic()
        if now - reported >= REPORT_EVERY_S:
            emit(Scored(images=image + 1))
            reported = now
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu_started
    write_array(job.scores, out)
    emit(Scored(images=len(rows)))
    emit(Done(seconds=seconds, cpu_seconds=cpu_seconds))


if __name__ == "__main__":
    main(map_rows)
