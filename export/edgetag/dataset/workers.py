"""A pool of worker processes that start fast, never outlive their parent, and stop on Ctrl-C."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, TypeVar

from edgetag.errors import STOPS, InputError

Value = TypeVar("Value")

TALKS = threading.Lock()
"""Of a worker: held while it takes a call or sends a result, which is never cut in two.

The parent would wait for the rest for ever: it holds the pipe open itself.
"""


def forkserver_context(preload: Sequence[str] = ()) -> ForkServerContext:
    """Return how pools start their workers: forked from a server that has no threads.

    "fork" would copy threads' locks, for instance TensorFlow's, in an unknown state. The server is
    started here, since only its environment keeps it from importing what lies in this folder.

    Args:
        preload: Modules that the server imports once for all workers, if it does not run yet.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        resource_tracker.ensure_running()
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
    return context


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
    context = forkserver_context([function.__module__])
    heard, stop = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, start_worker, (heard,))
    try:
        with _signals_wait():
            futures: dict[Future[Value], int] = {
                pool.submit(_work, function, arguments): number for number, arguments in calls
            }
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    except BrokenProcessPool:
        raise InputError(
            "a worker process was killed, probably because memory ran out; free some, or lower "
            "data.max_pixels, and run the same command again: finished work is kept"
            + _of_a_script()
        ) from None
    except BaseException:
        stop.close()  # ends the workers at once: what they write is whole or not there
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        stop.close()
        heard.close()


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Let signals to stop come when the workers are started.

    One that a pool does not know yet is not waited for, and tells in a traceback what it lacks.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread alone
        return
    came: list[int] = []
    former = [signal.signal(stop, lambda number, _: came.append(number)) for stop in STOPS]
    try:
        yield
    finally:
        for stop, handler in zip(STOPS, former, strict=True):
            signal.signal(stop, handler)
    for number in came[:1]:
        signal.raise_signal(number)


def _of_a_script() -> str:
    """Say what else ends workers where a script uses edgetag: they import the script first."""
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None)
    if main.__spec__ is not None or script is None or Path(script).stem == "edgetag":
        return ""
    return f"; or {script} works without asking for __name__ == '__main__', and workers import it"


def start_worker(stopped: connection.Connection) -> None:
    """Begin a worker's life: it ends at once when its parent does, or when a pipe is closed.

    The server that forks workers does not end them: it lives as long as they do.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    TALKS.acquire()
    threading.Thread(target=_end_between_messages, args=(stopped,), daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _work(function: Callable[..., Value], arguments: tuple[Any, ...]) -> Value:
    TALKS.release()
    try:
        return function(*arguments)
    finally:
        TALKS.acquire()


def _end_between_messages(stopped: connection.Connection) -> None:
    stopped.poll(None)
    TALKS.acquire()  # free while it computes; where it waits for a call, its pool ends it
    os._exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
