"""A group of verbs that is a verb itself: `validate RECIPE` beside `validate plan RECIPE`."""

from typing import Any

from typer.core import TyperGroup


class DefaultGroup(TyperGroup):
    """Runs its `default` command when the first argument names none of its commands.

    A file that is called like a command is reached as `./plan`.
    """

    default = "run"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front where no command is named."""
        if not args or args[0] not in self.commands:
            args = [self.default, *args]
        return super().parse_args(ctx, args)
