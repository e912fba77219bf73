"""`edgetag reference`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgetag.catalogue.desktop import DESKTOP
from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.outcome import print_result
from edgetag.cli.stages import prepare

if TYPE_CHECKING:
    Engine = str
else:
    Engine = Literal[tuple(DESKTOP)]


def reference(
    recipe: RecipeOrRun,
    engine: Annotated[
        Engine,
        typer.Option(
            help="What computes the float network. TensorFlow opens the trained weights, the "
            "others the ONNX file that a recipe with export.onnx makes."
        ),
    ] = "tensorflow",
    device: Annotated[
        str,
        typer.Option(
            metavar="cpu|cuda:N",
            help="Where; default: the first GPU that the engine can use, else the CPU.",
        ),
    ] = "",
    tf32: Annotated[
        bool,
        typer.Option(
            "--tf32", help="Let a GPU round the factors of products to 10 bits (TensorFloat-32)."
        ),
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz", help="Default: validate/reference-ENGINE.npz in the run folder."
        ),
    ] = None,
    out: RunFolder = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make reference scores by TensorFlow, ONNX Runtime or PyTorch, on the GPU or the CPU.

    Everything is computed in float32, on a GPU without TensorFloat-32. The file says what made it.
    Where the run folder keeps a reference of the same weights, the two are compared. Then judge by
    it, here or on a machine without that engine: edgetag validate RECIPE --reference FILE.
    """
    from edgetag.validation.desktop_reference import Asked, make_reference

    loaded, workspace, progress = prepare(recipe, out, verbose)
    with workspace.locked():
        result = make_reference(loaded, workspace, progress, Asked(engine, device, tf32), save)
    print_result(result, json)
    if not json:
        typer.echo(f"file: {result.file}")
