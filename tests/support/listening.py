"""Progress of which a test wants to know what was said or counted."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgetag.progress import SilentProgress, Task


class Listening(SilentProgress):
    """Keeps what is said, and of how many units each task is."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.tasks: dict[str, int | None] = {}

    def say(self, message: str) -> None:
        self.said.append(message)

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> Iterator[Task]:
        self.tasks[what] = total
        with super().track(what, total, unit) as task:
            yield task


class Counter:
    """A task that counts."""

    def __init__(self) -> None:
        self.done = 0

    def advance(self, amount: int = 1, note: str = "") -> None:  # noqa: ARG002
        self.done += amount
