"""`edgetag quantize`: the stage of that name, and file, for a model that edgetag did not train."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.confined import confine_to
from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import run_verb, set_verbose
from edgetag.cli.terminal import console_progress, show

app = typer.Typer(
    cls=DefaultGroup,
    help="Train the quantized variants; see also quantize file, for a model of anybody's.",
)


@app.command("run", epilog="See also: edgetag quantize file (any float .tflite classifier).")
def quantize(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Train the quantized variants: range warm-up, then fine-tuning (quantize/)."""
    run_verb("quantize", recipe, out, json, verbose)


@app.command("file")
def file(
    model: Annotated[
        Path,
        typer.Option(
            metavar="FLOAT.tflite",
            help="A float classifier, whoever made it: one picture in, one list of scores out.",
        ),
    ],
    images: Annotated[
        list[str],
        typer.Option(
            metavar="FOLDER",
            help="Pictures that calibrate and choose, without labels: a folder, a file, a glob or "
            "an archive. May be repeated.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE.tflite", help="Default: NAME-int8.tflite where you are."
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Pictures that calibrate.")] = 200,
    max_rmse: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Keep the fewest layers in float that bring it this near to the float file; "
            "default: none.",
        ),
    ] = None,
    mean: Annotated[
        float | None,
        typer.Option(
            help="Subtracted from each pixel, 0 to 255; default: what the file's metadata say, "
            "else 127.5."
        ),
    ] = None,
    std: Annotated[
        float | None,
        typer.Option(help="Divides the difference; default: the file's metadata, else 127.5."),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make a float .tflite classifier of anybody's into int8, as near to it as can be had.

    Several ways are tried, and the one whose scores are nearest to the float file's is kept.
    Exits with 1 if the file is farther than --max-rmse.
    """
    from edgetag.judging.decisions import EXIT_CODES
    from edgetag.quantizing.file import quantize_file
    from edgetag.quantizing.tables import floating_lines, quantized_tables

    set_verbose(verbose)
    target = out or Path(f"{model.stem}-int8.tflite")
    result = quantize_file(
        model,
        images,
        target,
        console_progress(),
        images=count,
        max_rmse=max_rmse,
        mean=mean,
        std=std,
        confine=lambda folder: confine_to((), [folder]),
    )
    show(
        result,
        json,
        quantized_tables(result),
        [
            f"{target}: {result.chosen}; {result.seen_rmse:.3f} from the float file in LiteRT "
            f"({result.other_images} pictures, {result.compared})",
            *floating_lines(result),
            f"record: {target.with_suffix('.json')}",
        ],
    )
    raise typer.Exit(EXIT_CODES["pass" if result.is_within else "fail"])
