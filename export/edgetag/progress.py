"""How stages tell what they are doing, without knowing who listens."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One piece of work under way."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count `amount` more units as done; `note` replaces the text beside the bar."""


class Progress(Protocol):
    """Where a stage reports to."""

    def say(self, message: str) -> None:
        """Show one line that stays."""

    def track(
        self, what: str, total: int | None, unit: str = "it"
    ) -> "AbstractContextManager[Task]":
        """Open a task of `total` units (None where unknown) named in the plural by `unit`."""


class SilentTask:
    """Counts nothing: where nobody follows, or something else is counted."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Do nothing."""


class SilentProgress:
    """Reports nothing: for tests and library use."""

    def say(self, message: str) -> None:
        """Do nothing."""

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> Iterator[Task]:  # noqa: ARG002
        """Yield a task that counts nothing."""
        yield SilentTask()


class SharedProgress:
    """Progress that several threads may tell at once; whoever listens need not expect them."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def say(self, message: str) -> None:
        """Show one line that stays."""
        with self._lock:
            self._progress.say(message)

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> Iterator[Task]:
        """Open a task that several threads may advance."""
        with self._progress.track(what, total, unit) as task:
            yield _SharedTask(task, self._lock)


class _SharedTask:
    def __init__(self, task: Task, lock: threading.Lock) -> None:
        self._task = task
        self._lock = lock

    def advance(self, amount: int = 1, note: str = "") -> None:
        with self._lock:
            self._task.advance(amount, note)


def format_seconds(seconds: float) -> str:
    """Write a duration: `8.4 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def format_rate(per_second: float) -> str:
    """Write how many a second: `152`, `8.4`, `0.27`; what is slow is not 0."""
    return f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.2g}"
