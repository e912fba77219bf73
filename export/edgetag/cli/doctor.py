"""`edgetag doctor`."""

import typer

from edgetag.cli.options import Json
from edgetag.cli.terminal import print_tables


def doctor(json: Json = False) -> None:
    """Show what this machine has: runtimes, versions, CPU features, GPU, emulator, phone."""
    from edgetag.doctor import examine

    report = examine()
    if json:
        typer.echo(report.to_json(), nl=False)
    else:
        print_tables(report.tables())
