"""Durations read alike everywhere, and threads may tell what they do without losing any of it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from edgetag.progress import SharedProgress, SilentProgress, Task, format_seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (59.96, "1 min 0 s"),
        (200, "3 min 20 s"),
        (5400, "1 h 30 min"),
        (7500, "2 h 5 min"),
        (90000, "25 h 0 min"),
    ],
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


class Slow(SilentProgress):
    """Counts so slowly that two threads at once lose what one of them counts."""

    def __init__(self) -> None:
        self.done = 0

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> Iterator[Task]:  # noqa: ARG002
        yield self

    def advance(self, amount: int = 1, note: str = "") -> None:  # noqa: ARG002
        before = self.done
        time.sleep(0.0001)
        self.done = before + amount


@pytest.mark.parametrize("shared", [True, False])
def test_what_several_threads_tell_at_once_is_counted_where_it_is_shared(shared: bool) -> None:
    progress = Slow()
    with (
        (SharedProgress(progress) if shared else progress).track("score", 400) as task,
        ThreadPoolExecutor(4) as pool,
    ):
        list(pool.map(lambda _: task.advance(), range(400)))
    assert (progress.done == 400) is shared
