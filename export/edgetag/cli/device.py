"""`edgetag device`: other machines than this one."""

from typing import Annotated

import typer

from edgetag.cli.on import Cache
from edgetag.cli.options import Json

app = typer.Typer(
    no_args_is_help=True,
    help="Machines beside this one: set one up, see which are. Files are run there by edgetag "
    "validate RECIPE --on arm64 and edgetag bench RECIPE --on arm64.",
)


@app.command("setup")
def setup(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="arm64, armv7 or wasm.")],
    cache: Cache = None,
) -> None:
    """Set another machine up, from Debian's, Python's or npm's packages, without root.

    One that is damaged or half-built is built anew; one that is whole is left as it is.
    """
    from edgetag.cli.terminal import console_progress
    from edgetag.runtimes.emulation.building import set_up
    from edgetag.runtimes.emulation.machines import default_cache
    from edgetag.targets.naming import SETUP, Kind, resolve_for

    (named,) = resolve_for(SETUP, [target], (Kind.EMULATED, Kind.WASM))
    if named.target is None:
        from edgetag.runtimes.wasm import setup_wasm

        typer.echo(f"wasm is ready; folder: {setup_wasm(cache, console_progress())}")
        return
    wanted = named.target
    place = (cache or default_cache()).absolute()
    installed = set_up(wanted, place, console_progress())
    runtimes = ", ".join(f"{name} {wanted.version(name)}" for name, _ in wanted.runtimes)
    typer.echo(f"{wanted.name} is ready: {runtimes}, on QEMU {installed.emulator_version}")
    typer.echo(f"folder: {wanted.folder(place)}")
    if installed.counter is not None:
        typer.echo(f"instructions cannot be counted: {installed.counter}")


@app.command("list")
def list_(cache: Cache = None, json: Json = False) -> None:
    """Show the machines that --on can name: which are set up, and what to type for the others.

    Phones are shown by: edgetag phone list.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.targets.listing import list_machines

    print_result(list_machines(cache), json)
