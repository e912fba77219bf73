"""A pool of worker processes that start fast, never outlive their parent, and stop on Ctrl-C."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any, TypeVar

from edgetag.errors import InputError

Value = TypeVar("Value")


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    function: Callable[..., Value], calls: Iterable[tuple[int, tuple[Any, ...]]], workers: int
) -> Iterator[tuple[int, Value]]:
    """Call a function with each of the argument tuples, in worker processes if `workers` > 1.

    Args:
        function: A module's function; arguments and result must be picklable.
        calls: A number that the result comes back with, and the arguments.
        workers: Processes to use; 1 works in this process.

    Yields:
        Number and result, in the order in which calls end.

    Raises:
        InputError: A worker process was killed, or `function` raised it.
    """
    if workers <= 1:
        for number, arguments in calls:
            yield number, function(*arguments)
        return
    # "fork" would copy threads' locks, for instance TensorFlow's, in an unknown state.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([function.__module__])
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        futures: dict[Future[Value], int] = {
            pool.submit(function, *arguments): number for number, arguments in calls
        }
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    except BrokenProcessPool:
        raise InputError(
            "a worker process was killed, probably because memory ran out; free some, or lower "
            "data.max_pixels, and run the same command again: finished work is kept"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
