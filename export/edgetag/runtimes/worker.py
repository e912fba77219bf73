"""The process in which a model is scored: `python -m edgetag.runtimes.worker JOB.json`.

A process of its own, since a damaged file can crash a runtime, and since TensorFlow in the same
process changes which kernels tflite-runtime runs. It may read the job's files and nothing else of a
user's, see `confinement`. Events go to stdout as JSON lines; the image
cache is read in blocks, so memory does not grow with the number of images.
"""

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from edgetag.arrays import write_array
from edgetag.children import Emit, begin_job
from edgetag.confinement import confine
from edgetag.errors import InputError
from edgetag.image_cache import ImageCache
from edgetag.messages import Refused
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import ImageEncoder, decode, encoding_table
from edgetag.runtimes.inference import WrongOutputError, checked, run_once
from edgetag.runtimes.messages import BadInput, Done, Job, Loaded, Scored, WrongOutput
from edgetag.runtimes.protocol import ModelLoadError
from edgetag.runtimes.session import Session, Tensor

BLOCK_BYTES = 4 << 20
"""Pixels read at once: 27 images of 224 px, which also fit a processor's cache as float32."""

MAPPED_SHARDS = 4
"""Rows are read about in order, so that few shards need to be mapped, and memory stays bounded."""

REPORT_EVERY_S = 0.2


def blocks(rows: npt.NDArray[np.int64], input_size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Cut row numbers into blocks whose pixels take about `BLOCK_BYTES`."""
    count = max(1, BLOCK_BYTES // (input_size * input_size * 3))
    for start in range(0, len(rows), count):
        yield rows[start : start + count]


Check = Callable[[npt.NDArray[np.float32], Tensor], npt.NDArray[np.float32]]


def score_rows(
    session: Session, job: Job, cache: ImageCache, emit: Emit, check: Check = checked
) -> None:
    """Run the model over the job's rows and write the scores, which `check` lets through.

    Raises:
        ModelLoadError: The runtime fails while it runs.
        WrongOutputError: What it gives are no scores.
    """
    rows = np.load(job.rows, allow_pickle=False)
    size = cache.shards.input_size
    encoder = ImageEncoder(encoding_table(job.contract, session.input), size)
    scores = np.empty((len(rows), session.output.shape[1]), dtype=np.float32)
    done = 0
    started, cpu_started = time.monotonic(), time.process_time()
    reported = started
    for block in blocks(rows, size):
        pixels = cache[block]
        raw = np.empty((len(block), scores.shape[1]), dtype=session.output.dtype)
        for image in range(len(block)):
            raw[image] = run_once(session, encoder.encode(pixels[image : image + 1]))
            now = time.monotonic()
            if now - reported >= REPORT_EVERY_S:
                emit(Scored(images=done + image + 1))
                reported = now
        scores[done : done + len(block)] = check(decode(raw, session.output), session.output)
        done += len(block)
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu_started
    write_array(job.scores, scores)
    emit(Scored(images=done))
    emit(Done(seconds=seconds, cpu_seconds=cpu_seconds))


Work = Callable[[Session, Job, ImageCache, Emit], None]


def perform(
    job: Job,
    emit: Emit,
    work: Work = score_rows,
    load: Callable[[], Session] | None = None,
    loaded: Callable[[], Loaded] = Loaded,
) -> None:
    """Load the model, work with it, and tell each step; refusals are events, not exceptions.

    Args:
        job: What to do.
        emit: Tells an event.
        work: What is done with the loaded model.
        load: Loads the job's model; None for the job's engine, which loads it into this process.
        loaded: What is told once it is loaded.
    """
    try:
        cache = ImageCache(job.cache, MAPPED_SHARDS)
        if load is None:
            session = engines.loader(job.engine).load(job.model, job.threads)
        else:
            session = load()
        height, width = session.input.shape[1:3]
        size = cache.shards.input_size
        if (height, width) != (size, size):
            raise ModelLoadError(
                f"it takes images of {width}x{height}, but the image cache has {size}x{size}"
            )
        emit(loaded())
        work(session, job, cache, emit)
    except ModelLoadError as error:
        emit(Refused(reason=error.reason))
    except WrongOutputError as error:
        emit(WrongOutput(reason=str(error)))
    except InputError as error:
        emit(BadInput(message=str(error)))


def main(work: Work = score_rows) -> None:
    """Perform the job in the file named by the first argument."""
    job, emit = begin_job(Job)
    confine((job.model, job.cache.folder, job.rows), (job.scores.parent,))
    perform(job, emit, work)
    if "tensorflow" in sys.modules:
        raise RuntimeError("TensorFlow was imported into a runtime's process; scores are not valid")


if __name__ == "__main__":
    main()
