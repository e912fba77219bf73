"""Standard output as rich draws on it."""

from typing import NoReturn

from rich.console import Console


class Output(Console):
    """A console that says when nobody reads it any more.

    rich would end the command with exit code 1, which says that a budget is broken.
    """

    def on_broken_pipe(self) -> NoReturn:
        """Let the command end as it does for all other output."""
        raise BrokenPipeError
