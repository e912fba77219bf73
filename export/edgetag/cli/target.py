"""`edgetag target`: list, setup, check, count."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import Github, Json, RecipeOrRun, RunFolder, Variants, Verbose
from edgetag.cli.outcome import end, print_result
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import console_progress

app = typer.Typer(
    no_args_is_help=True,
    help="Run files on emulated ARM and on WebAssembly: set one up, compare scores, count "
    "instructions. Phones have verbs of their own: edgetag phone.",
)

Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        envvar="EDGETAG_TARGETS",
        help="The folder of targets that are set up; default: edgetag/targets in your cache "
        "folder.",
    ),
]
Cpu = Annotated[
    list[str] | None,
    typer.Option(
        help="Processor to emulate, such as cortex-a76; may be repeated; default: the recipe's "
        "targets.cpus."
    ),
]


@app.command("list")
def list_(cache: Cache = None, json: Json = False) -> None:
    """Show the targets that --on can name: which are set up, and what to type for the others.

    Phones are shown by: edgetag phone list.
    """
    from edgetag.targets.listing import list_targets

    print_result(list_targets(cache), json)


@app.command()
def setup(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="arm64, armv7, wasm, browser or browser-webgpu.")
    ],
    cache: Cache = None,
) -> None:
    """Set a target up, from Debian's, Python's or npm's packages, without root.

    One that is damaged or half-built is built anew; one that is whole is left as it is.
    """
    from edgetag.targets.listing import set_up

    for line in set_up(name, cache, console_progress()):
        typer.echo(line)


@app.command()
def check(
    recipe: RecipeOrRun,
    on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="arm64, armv7, wasm, browser, browser-webgpu, or a single engine such as "
            "litert@arm64; may be repeated; "
            "default: the recipe's targets.on.",
        ),
    ] = None,
    out: RunFolder = None,
    variant: Variants = None,
    images: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="From the split that decides; default: the recipe's targets.images, else 32, and "
            "8 where a processor is emulated.",
        ),
    ] = None,
    cpu: Cpu = None,
    cache: Cache = None,
    github: Github = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare scores of every file on other targets with those of the same runtime here (targets/).

    Files of integers must be identical bit for bit, others within a tolerance. Exits with 1 if
    one differs or does not run there.
    """
    from edgetag.one_stage import add_to_stage
    from edgetag.targets.asked import engines_to_check
    from edgetag.targets.checking import check_scores

    loaded, workspace, progress = prepare(recipe, out, verbose)
    there = engines_to_check(loaded, on or (), cpu or (), cache)
    result = add_to_stage(
        "targets",
        loaded,
        workspace,
        lambda: check_scores(loaded, workspace, progress, there, images, variant or ()),
    )
    end(result, json, github)


@app.command()
def count(
    recipe: RecipeOrRun,
    on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="arm64, armv7, or a single engine such as litert@arm64; may be repeated; "
            "default: the recipe's targets.on.",
        ),
    ] = None,
    out: RunFolder = None,
    variant: Variants = None,
    cpu: Cpu = None,
    operators: Annotated[
        bool, typer.Option("--operators", help="Also count by operator; about a minute a file.")
    ] = False,
    cache: Cache = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Count the instructions of one inference of every file on emulated processors (targets/).

    The count is the same in every run, on any machine. It is no time: use it to compare files and
    runtimes, and to keep a budget (max_arm_instructions). Exits with 1 if one is broken.
    """
    from edgetag.one_stage import add_to_stage
    from edgetag.targets.asked import engines_to_count
    from edgetag.targets.counting.count import count_instructions

    loaded, workspace, progress = prepare(recipe, out, verbose)
    there = engines_to_count(loaded, on or (), cpu or (), cache)
    result = add_to_stage(
        "targets",
        loaded,
        workspace,
        lambda: count_instructions(loaded, workspace, progress, there, variant or (), operators),
    )
    end(result, json)
