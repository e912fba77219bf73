"""Work on all cores that ends where it is interrupted."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from edgetag.machine import cores


@contextmanager
def open_pool(
    workers: int | None = None, cancelled: threading.Event | None = None
) -> Iterator[ThreadPoolExecutor]:
    """Open a pool of threads; where its block is left early, what waits is dropped.

    Left by an exception, such as Ctrl-C, a plain executor would first do all that waits.

    Args:
        workers: Threads; None for one per core.
        cancelled: Set where the block is left early. Work that looks at it ends too; other work
            is waited for.
    """
    # Polars, once imported, has the system go on waiting after a signal: Ctrl-C while this thread
    # waits for the others would be seen when they are done.
    signal.siginterrupt(signal.SIGINT, True)
    pool = ThreadPoolExecutor(workers or cores())
    try:
        yield pool
    except BaseException:
        if cancelled is not None:
            cancelled.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
