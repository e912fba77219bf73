"""What `edgetag --help` shows: the same as Typer would, which takes longer to import than to run.

A test holds it to Typer's own.
"""

from edgetag.cli.verbs import VERBS

SUMMARY = (
    "From tagged images to a verified on-device model.\n\n"
    "Start with [bold]edgetag recipe new recipe.toml[/bold], then "
    "[bold]edgetag run recipe.toml[/bold]. Exit codes: 0 accepted, 1 a budget is broken, 2 the "
    "input is wrong, 3 too few images to decide, 70 an error of edgetag itself."
)
VERSION_HELP = "Print the version and exit."
OPTIONS = (
    ("--version", "", VERSION_HELP),
    ("--install-completion", "", "Install completion for the current shell."),
    (
        "--show-completion",
        "",
        "Show completion for the current shell, to copy it or customize the installation.",
    ),
    ("--help", "-h", "Show this message and exit."),
)


def print_overview() -> None:
    """Write it to stdout."""
    import sys

    from rich.console import Console
    from rich.padding import Padding
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    def panel(title: str, table: Table) -> Panel:
        return Panel(table, title=title, title_align="left", border_style="dim")

    console = Console(highlight=False)
    usage = Text.from_markup("[yellow]Usage: [/yellow]edgetag [OPTIONS] COMMAND \\[ARGS]...")
    console.print(Padding(usage, 1), style="bold")
    first, rest = SUMMARY.split("\n\n")
    text = Text.from_markup(f"{first}\n\n[dim]{rest}[/dim]")
    console.print(Padding(text, (0, 1, 1, 1)))
    options = Table(box=None, show_header=False, expand=True, pad_edge=False, padding=(0, 1))
    for style in ("bold cyan", "bold green", "", "", "bold yellow"):
        options.add_column(style=style, no_wrap=True)
    options.add_column(ratio=10)
    for name, short, words in OPTIONS:
        options.add_row(name, short, "", "", "<bool>", words)
    console.print(panel("Options", options))
    verbs = Table(box=None, show_header=False, expand=True, pad_edge=False, padding=(0, 1))
    verbs.add_column(style="bold cyan", no_wrap=True, width=max(map(len, VERBS)))
    verbs.add_column(ratio=10)
    for name, words in VERBS.items():
        verbs.add_row(name, Text(words))
    console.print(panel("Commands", verbs))
    console.print()
    sys.stdout.flush()
