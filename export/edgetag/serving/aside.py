"""Work that may never come back, in threads that nothing waits for: an executor's hold the process.

A place that lets one hang would keep a server from ending, since Python waits for the threads of
every executor before it ends.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")

NAME = "aside"
"""Of the threads."""


class Aside:
    """Does work in threads of its own.

    Args:
        most: Threads at once; more work waits for its turn.
    """

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)

    async def do(self, work: Callable[[], Made]) -> Made:
        """Return what work makes; a caller that is cancelled leaves it to its thread."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Made] = loop.create_future()
        await self._free.acquire()

        def end(made: Made | None, error: Exception | None) -> None:
            self._free.release()
            if done.done():
                return  # nobody waits for it any more
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(made)  # type: ignore[arg-type]

        def run() -> None:
            made, error = None, None
            try:
                made = work()
            except Exception as failed:  # the caller raises it
                error = failed
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(end, made, error)

        threading.Thread(target=run, name=NAME, daemon=True).start()
        return await done
