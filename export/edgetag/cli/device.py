"""`edgetag device`: other machines than this one."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipePath, RunFolder, Verbose
from edgetag.errors import ExitCode

app = typer.Typer(
    no_args_is_help=True,
    help="Run exported files on other machines: set one up, compare scores, count instructions.",
)

Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        envvar="EDGETAG_TARGETS",
        help="The folder of emulated machines; default: edgetag/targets in your cache folder.",
        show_default=False,
    ),
]
On = Annotated[
    str, typer.Option("--on", metavar="TARGET", help="An emulated machine: arm64 or armv7.")
]
Variants = Annotated[
    list[str] | None,
    typer.Option("--variant", help="Which file; may be repeated.  [default: all]"),
]


@app.command("setup")
def setup(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="arm64, armv7 or wasm.")],
    cache: Cache = None,
) -> None:
    """Set another machine up, from Debian's, Python's or npm's packages, without root.

    One that is damaged or half-built is built anew; one that is whole is left as it is.
    """
    from edgetag.cli.terminal import console_progress
    from edgetag.emulation import find
    from edgetag.emulation.building import set_up
    from edgetag.emulation.targets import default_cache

    if target == "wasm":
        from edgetag.runtimes.wasm import setup_wasm

        typer.echo(f"wasm is ready; folder: {setup_wasm(cache, console_progress())}")
        return
    wanted = find(target)
    place = (cache or default_cache()).absolute()
    installed = set_up(wanted, place, console_progress())
    runtimes = ", ".join(f"{name} {wanted.version(name)}" for name, _ in wanted.runtimes)
    typer.echo(f"{wanted.name} is ready: {runtimes}, on QEMU {installed.emulator_version}")
    typer.echo(f"folder: {wanted.folder(place)}")
    if installed.counter is not None:
        typer.echo(f"instructions cannot be counted: {installed.counter}")


@app.command("check")
def check(
    recipe: RecipePath,
    out: RunFolder = None,
    on: On = "arm64",
    images: Annotated[int, typer.Option(min=1, help="From the split that decides.")] = 32,
    variant: Variants = None,
    cpu: Annotated[
        str | None, typer.Option(help="The processor.", show_default="the target's first")
    ] = None,
    cache: Cache = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare every file's scores on another machine with the same runtime here (device/).

    Files of integers must be identical bit for bit, others within a tolerance. Exits with 1 if
    one differs or fails there.
    """
    from edgetag.cli.stages import prepare
    from edgetag.cli.terminal import print_json, print_tables
    from edgetag.device.compare import compare_targets
    from edgetag.emulation import find
    from edgetag.reporting.device import check_sheet
    from edgetag.reporting.tables import to_rich

    target = find(on)
    loaded, workspace, progress = prepare(recipe, out, verbose)
    with workspace.locked():
        result = compare_targets(
            loaded, workspace, progress, target, images, variant or (), cpu, cache
        )
    if json:
        print_json(result)
    else:
        print_tables([to_rich(check_sheet(result))])
    raise typer.Exit(ExitCode.ACCEPTED if result.acceptable else ExitCode.BUDGET_BROKEN)


@app.command("count")
def count(
    recipe: RecipePath,
    out: RunFolder = None,
    on: On = "arm64",
    variant: Variants = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option(help="May be repeated.  [default: those of benchmark.runtimes]"),
    ] = None,
    cpu: Annotated[
        list[str] | None,
        typer.Option(help="Such as cortex-a76; may be repeated.  [default: all]"),
    ] = None,
    operators: Annotated[
        bool, typer.Option("--operators", help="Also by operator; about a minute a file.")
    ] = False,
    cache: Cache = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Count the instructions of one inference on an emulated processor (device/).

    The same in every run, on any machine. A count is no time: use it to compare files and
    runtimes, and to keep a budget (max_arm_instructions). Exits with 1 if one is broken.
    """
    from edgetag.cli.stages import prepare
    from edgetag.cli.terminal import print_json, print_tables
    from edgetag.device.count import count_instructions
    from edgetag.emulation import find
    from edgetag.reporting.device import count_sheet, instruction_budget_sheet, operators_sheet
    from edgetag.reporting.tables import to_rich

    target = find(on)
    loaded, workspace, progress = prepare(recipe, out, verbose)
    with workspace.locked():
        result = count_instructions(
            loaded, workspace, progress, target, variant or (), runtime or (), cpu or (),
            operators, cache,
        )  # fmt: skip
    if json:
        print_json(result)
    else:
        sheets = [count_sheet(result)]
        sheets += [operators_sheet(one) for one in result.counts if one.operators]
        sheets += [instruction_budget_sheet(result)] if result.budgets else []
        print_tables([to_rich(sheet) for sheet in sheets])
    verdicts = {budget.verdict for budget in result.budgets}
    if "fail" in verdicts:
        raise typer.Exit(ExitCode.BUDGET_BROKEN)
    raise typer.Exit(ExitCode.UNDECIDED if "undecided" in verdicts else ExitCode.ACCEPTED)
