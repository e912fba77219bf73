"""`edgetag validate`: the verdict itself, and plan, speed, schema."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.options import Github, Json, NoBaseline, RecipeOrRun, RunFolder, Verbose

if TYPE_CHECKING:
    from edgetag.conversion.external import ExternalModel
    from edgetag.recipe import Recipe

app = typer.Typer(
    cls=DefaultGroup,
    help="Compare every file with the float reference, tag by tag; see also validate plan.",
)


@app.command(
    "run",
    epilog="See also: edgetag validate plan (how many images a verdict takes), edgetag validate "
    "speed (images a second against the bare runtime), edgetag validate schema, edgetag target "
    "check (scores on emulated ARM and WebAssembly) and edgetag phone check.",
)
def validate(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Reference scores computed on another machine (validate/reference.npz there); "
            "TensorFlow is then not needed.",
        ),
    ] = None,
    max_changed: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="Share of a split's pictures that may be missing, new or labelled differently "
            "from the reference that was made elsewhere; more is refused.",
        ),
    ] = 0.0,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Judge this exported variant alone; may be repeated."),
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Judge a .tflite file of the same tags, whoever made it; may be repeated. Its "
            "metadata say what input it wants; without them the recipe's contract is assumed.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What to call each --model; default: the file's name."),
    ] = None,
    mean: Annotated[
        float | None, typer.Option(help="Of every --model's input, in place of its metadata.")
    ] = None,
    std: Annotated[
        float | None, typer.Option(help="Of every --model's input, in place of its metadata.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Tags in the order of every --model's scores, a line each."
        ),
    ] = None,
    stands_for: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="VARIANT",
            help="The variant that every --model stands for: its budgets hold, and its accepted "
            "state is what the file is compared with; default: the bundled variant.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The accepted state to compare with; default: baseline.json beside the recipe, if "
            "there is one.",
        ),
    ] = None,
    no_baseline: NoBaseline = False,
    github: Github = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare every file with the float reference, tag by tag, on every runtime.

    Exits with 0 if all budgets hold, 1 if one is broken, 2 if the input is wrong,
    3 if the data cannot decide or nothing limits a file's accuracy; the tables then say what would.
    """
    from edgetag.cli.outcome import exit_code, print_result
    from edgetag.cli.stages import baseline_beside, prepare
    from edgetag.conversion.exported import exported_path
    from edgetag.errors import InputError
    from edgetag.pipeline import ensure_stage, run_stage

    loaded, workspace, progress = prepare(recipe, out, verbose)
    taken = loaded.export.possible if exported_path(workspace).exists() else ()
    external = _external(model or [], name or [], loaded, mean, std, labels, taken)
    if stands_for is not None and not external:
        raise InputError("--as is about a --model; give one")
    if external:
        ensure_stage("dataset", loaded, workspace, progress)
    result = run_stage(
        "validate",
        loaded,
        workspace,
        progress,
        needs=("dataset",) if external else None,
        parts=("variants", "external", "stands_for"),
        whole=lambda verdict: (
            set(loaded.export.variants) <= set(verdict.decisions) <= set(loaded.export.possible)
        ),
        reference=reference,
        external=external,
        variants=tuple(variant or ()),
        stands_for=stands_for,
        baseline=None if no_baseline else baseline or baseline_beside(recipe, workspace),
        max_changed=max_changed,
    )
    print_result(result, json, github)
    raise typer.Exit(exit_code({"validate": result}))


def _external(
    models: list[Path],
    names: list[str],
    recipe: "Recipe",
    mean: float | None,
    std: float | None,
    labels: Path | None,
    taken: tuple[str, ...],
) -> "tuple[ExternalModel, ...]":
    from edgetag.errors import InputError
    from edgetag.tags import Vocabulary

    if len(names) not in (0, len(models)):
        raise InputError(f"{len(names)} --name for {len(models)} --model; give one each, or none")
    if not models and any(given is not None for given in (mean, std, labels)):
        raise InputError("--mean, --std and --labels are about a --model; give one")
    from edgetag.conversion.external import read_external

    models_read: list[ExternalModel] = []
    for place, path in enumerate(models):
        models_read.append(
            read_external(
                path,
                recipe.network.preprocessing(),
                Vocabulary(recipe.data.tags),
                name=names[place] if names else None,
                mean=mean,
                std=std,
                labels=labels,
                taken={*taken, *(model.name for model in models_read)},
            )
        )
        for note in models_read[-1].notes:
            typer.echo(f"{models_read[-1].name}: {note}", err=True)
    return tuple(models_read)


@app.command()
def plan(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    variant: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose margins; default: the bundled variant."),
    ] = None,
    power: Annotated[
        float, typer.Option(min=0.05, max=0.999, help="Chance to show a margin that is kept.")
    ] = 0.8,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.0001, max=0.5, help="Of recall and false positives where the recipe has none."
        ),
    ] = None,
    flips: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Share of decisions taken to flip where no verdict tells."
        ),
    ] = 0.02,
    json: Json = False,
) -> None:
    """Say how many images it takes to show that each margin of the recipe is kept.

    Run it before you label: it needs the data (edgetag data build), not a model. After a
    validation it knows how often decisions flip.
    """
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare
    from edgetag.shipping import read_shipping
    from edgetag.validation.planning import plan as make_plan

    loaded, workspace, progress = prepare(recipe, out, False)
    chosen = variant or read_shipping(loaded, workspace).leading
    print_result(make_plan(loaded, workspace, progress, chosen, power, margin, flips), json)


@app.command()
def speed(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    variant: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which file; default: the bundled variant.")
    ] = None,
    images: Annotated[int, typer.Option(min=10, help="Scored in each round.")] = 500,
    json: Json = False,
) -> None:
    """Measure how close validation comes to the bare runtime, in images a second, side by side."""
    from edgetag.cli.outcome import print_result
    from edgetag.cli.stages import prepare
    from edgetag.shipping import read_shipping
    from edgetag.validation.throughput import measure

    loaded, workspace, progress = prepare(recipe, out, False)
    chosen = variant or read_shipping(loaded, workspace).leading
    print_result(measure(loaded, workspace, progress, chosen, images), json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of verdict.json, for programs that read it."""
    from edgetag.validation.schema import verdict_schema

    typer.echo(json_module.dumps(verdict_schema(), indent=2))
