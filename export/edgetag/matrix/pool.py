"""Work on all cores that ends where it is interrupted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from edgetag.dataset.workers import cores


@contextmanager
def open_pool() -> Iterator[ThreadPoolExecutor]:
    """Open a pool of one thread per core; where its block is left early, what waits is dropped.

    Left by an exception, such as Ctrl-C, a plain executor would first do all that waits.
    """
    pool = ThreadPoolExecutor(cores())
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
