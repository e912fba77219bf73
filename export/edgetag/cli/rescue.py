"""`edgetag rescue`."""

from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from edgetag.catalogue.variants import FULL_INTEGER
from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show

if TYPE_CHECKING:
    from edgetag.rescue.result import Adoption

    FullInteger = str
else:
    FullInteger = Literal[FULL_INTEGER]


def rescue(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    variant: Annotated[FullInteger, typer.Option(help="Which file.")] = FULL_INTEGER[0],
    keep: Annotated[
        Literal["float", "int16"],
        typer.Option(help="int16: 16-bit activations, 8-bit weights; slow on most runtimes."),
    ] = "float",
    max_layers: Annotated[
        int | None, typer.Option(min=1, help="Most layers to keep; default: all.")
    ] = None,
    adopt: Annotated[
        str | None,
        typer.Option(
            metavar="SPLIT",
            help="Then judge the chosen file on this split, whose pictures did not choose it; if "
            "it passes there it takes the variant's place in export/, and the next run ships it.",
        ),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Keep the fewest layers in float that bring a failing variant inside its budget (rescue/).

    Shows what each step costs in size and latency. Needs the reference scores: edgetag validate.
    Exits with 0 if every budget holds then, 1 if one is broken, 3 if the data cannot decide.
    """
    from edgetag.judging.decisions import EXIT_CODES
    from edgetag.one_stage import add_to_stage, require_in_step
    from edgetag.rescue.adopting import adopt as adopt_rescued
    from edgetag.rescue.adopting import describe_adoption
    from edgetag.rescue.stage import run
    from edgetag.rescue.tables import rescue_tables

    loaded, workspace, progress = prepare(recipe, out, verbose)
    with workspace.locked():
        require_in_step(("dataset", "train", "export"), loaded, workspace, progress)
        result = run(loaded, workspace, progress, variant, keep, max_layers)
    if adopt is not None:
        adoption = cast(
            "Adoption",
            add_to_stage(
                "export",
                loaded,
                workspace,
                lambda: adopt_rescued(loaded, workspace, progress, result, adopt),
            ),
        )
        show(adoption, json, (), [describe_adoption(adoption)])
        raise typer.Exit(EXIT_CODES[adoption.verdict])
    lines = [result.outcome, *([f"file: {workspace.root / result.file}"] if result.file else [])]
    show(result, json, rescue_tables(result), lines)
    raise typer.Exit(result.exit_code)
