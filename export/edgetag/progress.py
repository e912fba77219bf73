"""How stages tell what they are doing, without knowing who listens."""

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


def format_seconds(seconds: float) -> str:
    """Write a duration: `8.4 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
