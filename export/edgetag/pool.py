"""Work on all cores that ends where it is interrupted."""

import itertools
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from edgetag.errors import STOPS
from edgetag.machine import cores

Given = TypeVar("Given")
Made = TypeVar("Made")

WAITING = 4
"""Things that wait for each thread: enough that none stands still, few enough for memory."""


def in_order(
    work: Callable[[Given], Made], things: Iterable[Given], workers: int | None = None
) -> Iterator[Made]:
    """Yield what work makes of things, in their order, computed on several cores.

    Things are taken only as they are needed, by this thread; there may be no end of them.
    Without `workers` there is a thread per core.
    """
    coming = iter(things)
    waiting: deque[Future[Made]] = deque()
    with open_pool(workers) as pool:
        for thing in itertools.islice(coming, (workers or cores()) * WAITING):
            waiting.append(pool.submit(work, thing))
        while waiting:
            made = waiting.popleft().result()
            for thing in itertools.islice(coming, 1):
                waiting.append(pool.submit(work, thing))
            yield made


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
    for number in STOPS:
        signal.siginterrupt(number, True)
    pool = ThreadPoolExecutor(workers or cores())
    try:
        yield pool
    except BaseException:
        if cancelled is not None:
            cancelled.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
