"""Progress of which a test wants to know what was said or counted."""

from edgetag.progress import SilentProgress


class Listening(SilentProgress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


class Counter:
    """A task that counts."""

    def __init__(self) -> None:
        self.done = 0

    def advance(self, amount: int = 1, note: str = "") -> None:  # noqa: ARG002
        self.done += amount
