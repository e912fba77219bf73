"""Work that takes long, done one piece after the other beside the page's own requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from edgetag.errors import InputError
from edgetag.serving.refusals import BusyError, RefusalError

MOST_WAITING = 3
"""Pieces that wait or are done; whoever asks for one more has moved on before it were done."""

Made = TypeVar("Made")


class OneByOne:
    """Does one kind of work in a thread of its own, so that it never holds up the page.

    Args:
        what: Is made, in words.
        thread: One thread.
    """

    def __init__(self, what: str, thread: Executor) -> None:
        self._what = what
        self._thread = thread
        self._waiting = 0

    async def do(self, work: Callable[[], Made]) -> Made:
        """Return what `work` returns.

        Raises:
            BusyError: As many wait as may.
            RefusalError: It raised an `InputError`.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyError(self._what)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except InputError as error:
            raise RefusalError(503, str(error)) from None
        finally:
            self._waiting -= 1
