"""A group of verbs that is a verb itself: `validate RECIPE` beside `validate plan RECIPE`."""

import difflib
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from edgetag.errors import InputError
from edgetag.userfiles import exists


class DefaultGroup(TyperGroup):
    """Runs its `default` command when the first argument names none of its commands.

    A file that is called like a command is reached as `./plan`.
    """

    default = "run"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front where no command is named.

        A shell that completes the first word gets the commands.

        Raises:
            InputError: The first argument is neither a command nor a path.
        """
        if self._names_a_path(args):
            args = [self.default, *args]
        completes = ctx.resilient_parsing and not args
        if not completes and (not args or args[0] not in self.commands):
            if args and not ctx.resilient_parsing:
                self._refuse_a_slip(args[0], ctx.command_path)
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Offer the commands, or the options of the default one."""
        if not incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        command = self.commands[self.default]
        with command.make_context(self.default, [], parent=ctx, resilient_parsing=True) as inner:
            return command.shell_complete(inner, incomplete)

    def _names_a_path(self, args: list[str]) -> bool:
        """Tell whether the default command's name alone is a file or folder here, as `run` may be.

        The command itself would miss its argument.
        """
        return args[:1] == [self.default] and (
            exists(Path(args[0])) and all(word.startswith("-") for word in args[1:])
        )

    def _refuse_a_slip(self, given: str, group: str) -> None:
        """Refuse a word that stands where a verb or a path belongs and is neither."""
        if given.startswith("-") or Path(given).suffix or "/" in given or exists(Path(given)):
            return
        verbs = [name for name in self.commands if name != self.default]
        near = difflib.get_close_matches(given, verbs, n=1, cutoff=0.5)
        guess = f"; did you mean '{group} {near[0]}'?" if near else ""
        raise InputError(
            f"{given!r} is neither a verb of {group} ({', '.join(verbs)}) nor a file or folder "
            f"here{guess}"
        )
