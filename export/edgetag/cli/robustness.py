"""`edgetag robustness`."""

from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, VariantsBesideFloat, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show


def robustness(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    variant: VariantsBesideFloat = None,
    epsilon: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            max=64,
            help="A budget: largest change of a pixel in steps of 255, may be repeated; default: "
            "1, 2 and 4.",
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, max=1000, help="Of PGD.")] = 10,
    images: Annotated[int, typer.Option(min=10, help="Test pictures, rare tags first.")] = 300,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show how far tags fall when test pictures are attacked (robustness/).

    Pictures are changed within a budget by gradients of the float network (FGSM, PGD), and by noise
    of the same size. The float file scores them, and the one that an app takes, or those named.
    Other files than the float one might fall further under attacks made for them. Decides nothing;
    edgetag report shows it.
    """
    loaded, workspace, progress = prepare(recipe, out, verbose)  # before TensorFlow's 8 s

    from edgetag.one_stage import require_in_step
    from edgetag.robustness.stage import EPSILONS, run
    from edgetag.robustness.tables import robustness_tables

    with workspace.locked():
        require_in_step(("dataset", "train", "export"), loaded, workspace, progress)
        result = run(
            loaded,
            workspace,
            progress,
            variants=variant or (),
            epsilons=epsilon or EPSILONS,
            steps=steps,
            images=images,
        )
    show(result, json, robustness_tables(result))
