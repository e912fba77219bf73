"""`edgetag phone`: list."""

import typer

from edgetag.cli.options import Json

app = typer.Typer(
    no_args_is_help=True,
    help="Android phones over adb; edgetag bench RECIPE --on adb measures on them.",
)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show the phones that adb sees, and what to do about those it cannot use.

    Exits with 0 if one takes commands, else with 2.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.errors import ExitCode
    from edgetag.phones.stage import list_phones

    found = list_phones()
    print_result(found, json)
    ready = any(phone.ready for phone in found.phones)
    raise typer.Exit(ExitCode.ACCEPTED if ready else ExitCode.BAD_INPUT)
