"""The `edgetag` command with its verbs, as Typer runs it; `main` starts and ends it."""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from edgetag.cli.moved import refuse_old_spelling
from edgetag.cli.overview import SUMMARY, VERSION_HELP
from edgetag.cli.verbs import VERBS


class UnforeseenError(BaseException):
    """Carries what Typer would end in a silent exit code 1, which says that a budget is broken."""


class _Commands(MutableMapping[str, Any]):
    """The verbs by name; the file of one is imported when its command is asked for."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in VERBS and name not in self._loaded:
            self._loaded[name] = _load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


def _load(name: str) -> Any:
    """Import a verb's file, which holds a function of its name, or an `app` of several commands."""
    module = import_module(f"edgetag.cli.{name}")
    holder = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
    if hasattr(module, "app"):
        holder.add_typer(module.app, name=name)
    else:
        holder.command(name)(getattr(module, name))
    holder.callback()(lambda: None)  # without it one command alone would be no group
    command = typer.main.get_group(holder).commands[name]
    for each in (command, *getattr(command, "commands", {}).values()):
        each.help = _flowing(each.help)
    return command


def _flowing(text: str | None) -> str | None:
    """Return a docstring whose paragraphs are a line each: a terminal breaks them where it ends."""
    if text is None:
        return None
    return "\n\n".join(" ".join(part.split()) for part in cleandoc(text).split("\n\n"))


class _Verbs(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()

    def list_commands(self, _ctx: Any) -> list[str]:
        """Return the verbs in the order of the help, importing none."""
        return list(VERBS)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Tell the new spelling of a command that has moved.

        Raises:
            InputError: It has.
        """
        if not ctx.resilient_parsing:
            refuse_old_spelling(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Keep EOFError and a broken pipe, to a worker as well, from Typer."""
        try:
            return super().invoke(ctx)
        except (EOFError, BrokenPipeError) as error:
            raise UnforeseenError from error


app = typer.Typer(
    name="edgetag",
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help=SUMMARY,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from edgetag import __version__

        typer.echo(f"edgetag {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=VERSION_HELP)
    ] = False,
) -> None:
    pass
