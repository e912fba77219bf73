"""`edgetag study`: variants, peers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from edgetag.cli.options import Json, RecipeOrRun, VariantsBesideFloat, Verbose
from edgetag.cli.stages import prepare
from edgetag.cli.terminal import show

if TYPE_CHECKING:
    from edgetag.progress import Progress
    from edgetag.study.result import Study
    from edgetag.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True,
    help="Show files side by side: those of several trainings, or ours and what other tools make.",
)

StudyFolder = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="The study's folder; default: runs/NAME-study."
    ),
]
Goals = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE:MEASURE=MOST",
        help="Such as int8:map_drop=0.0015 or int8-narrow50:latency_ratio=0.62; may be repeated.",
    ),
]


@app.command()
def variants(
    recipe: RecipeOrRun,
    out: StudyFolder = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many trainings.")] = 3,
    variant: VariantsBesideFloat = None,
    goal: Goals = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train and compress with several seeds; one table of losses, distances, sizes and times.

    Every seed is a run folder of its own (seed-N), which goes on where it was killed. Goals are
    the recipe's budgets of mAP, logit RMSE and size, and those given here. Exits with 1 if one is
    missed, with 3 if one was not measured.
    """
    from edgetag.study.variants import run
    from edgetag.workspace import Workspace

    loaded, workspace, progress = prepare(recipe, None, verbose)
    folder = Workspace(out or workspace.root.with_name(f"{workspace.root.name}-study"))
    result = run(loaded, folder, progress, seeds, variant or (), goal or ())
    _end(result, folder, json, progress)


@app.command()
def peers(
    recipe: RecipeOrRun,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="The study's folder; default: runs/NAME-peers."
        ),
    ] = None,
    tool: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only tflite-converter, litert-quantizer, onnxruntime or openvino; may be "
            "repeated.",
        ),
    ] = None,
    goal: Goals = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take a run's float network through other tools; one table of losses, sizes and times.

    TensorFlow Lite's converter, litert-quantizer, ONNX Runtime, and OpenVINO with NNCF, each with
    its recommended settings and the same pictures, in an environment that is built once in the
    user's cache (2.6 GB in all). A tool that fails is told, and the rest goes on. Needs a run that
    was validated: edgetag run. Exits with 1 if a goal of our files is missed, with 3 if one was not
    measured.
    """
    from edgetag.study.peers.compare import run
    from edgetag.workspace import Workspace

    loaded, workspace, progress = prepare(recipe, None, verbose)
    folder = Workspace(out or workspace.root.with_name(f"{workspace.root.name}-peers"))
    result = run(loaded, workspace, folder, progress, tool or (), goal or ())
    _end(result, folder, json, progress)


def _end(study: "Study", folder: "Workspace", json: bool, progress: "Progress") -> NoReturn:
    from edgetag.study.tables import conditions, study_tables

    progress.say(f"study: {folder.root / 'study.md'}, study.svg, study.json")
    show(study, json, study_tables(study), [conditions(study)])
    raise typer.Exit(study.exit_code)
