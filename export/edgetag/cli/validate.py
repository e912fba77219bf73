"""`edgetag validate`: the verdict itself, and plan, speed, schema."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.options import Github, Json, NoBaseline, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.outcome import end, print_result
from edgetag.cli.stages import accepted_state, prepare
from edgetag.cli.terminal import print_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgetag.recipe import Recipe
    from edgetag.validation.result import Verdict

app = typer.Typer(
    cls=DefaultGroup,
    help="Compare every file with the float reference, tag by tag; see also validate plan.",
)


Reference = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Reference scores computed on another machine (validate/reference.npz there); "
        "TensorFlow is then not needed.",
    ),
]
MaxChanged = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        min=0.0,
        max=1.0,
        help="Share of a split's pictures that may be missing, new or labelled differently "
        "from the reference that was made elsewhere; more is refused.",
    ),
]
AcceptedState = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The accepted state to compare with; default: baseline.json beside the recipe, if "
        "there is one.",
    ),
]


@app.command(
    "run",
    context_settings={"allow_extra_args": True},  # to say what they were meant for
    epilog="See also: edgetag validate file (a .tflite file that edgetag did not export), edgetag "
    "validate plan (how many images a verdict takes), edgetag validate speed (images a second "
    "against the bare runtime), edgetag validate schema, edgetag target check (scores on emulated "
    "ARM and WebAssembly) and edgetag phone check.",
)
def validate(
    context: typer.Context,
    recipe: RecipeOrRun,
    out: RunFolder = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Judge this exported variant alone; may be repeated."),
    ] = None,
    reference: Reference = None,
    max_changed: MaxChanged = 0.0,
    baseline: AcceptedState = None,
    no_baseline: NoBaseline = False,
    github: Github = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare every file with the float reference, tag by tag, on every runtime.

    Exits with 0 if all budgets hold, 1 if one is broken, 2 if the input is wrong,
    3 if the data cannot decide or nothing limits a file's accuracy; the tables then say what would.
    """
    from edgetag.errors import InputError
    from edgetag.one_stage import run_stage

    if context.args:
        files = shlex.join(["edgetag", "validate", "file", str(recipe), *context.args])
        raise InputError(
            f"{context.args[0]!r}: edgetag validate judges what a run exported, of which "
            f"--variant names some; files that were made elsewhere are judged by: {files}"
        )
    loaded, workspace, progress = prepare(recipe, out, verbose)
    result = run_stage(
        "validate",
        loaded,
        workspace,
        progress,
        parts=("variants",),
        whole=_of_all_files(loaded),
        reference=reference,
        variants=tuple(variant or ()),
        baseline=accepted_state(recipe, workspace, baseline, no_baseline),
        max_changed=max_changed,
    )
    end(result, json, github)


@app.command("file")
def file(
    recipe: RecipeOrRun,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FILE...",
            help="A .tflite file of the same tags, whoever made it, and what to call it; default: "
            "the file's name. Its metadata say what input it wants; without them the recipe's "
            "contract is assumed. Of a bundle the file that apps take first is judged, and an "
            "ensemble's .toml file as one file.",
        ),
    ],
    out: RunFolder = None,
    mean: Annotated[
        float | None, typer.Option(help="Of every file's input, in place of its metadata.")
    ] = None,
    std: Annotated[
        float | None, typer.Option(help="Of every file's input, in place of its metadata.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Tags in the order of every file's scores, a line each."),
    ] = None,
    stands_for: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="VARIANT",
            help="The variant that every file stands for: its budgets hold, and its accepted "
            "state is what the file is compared with; default: the bundled variant.",
        ),
    ] = None,
    reference: Reference = None,
    max_changed: MaxChanged = 0.0,
    baseline: AcceptedState = None,
    no_baseline: NoBaseline = False,
    github: Github = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Judge .tflite files that edgetag did not export, beside those of the run if there are any.

    Exits as edgetag validate does.
    """
    from edgetag.bundling.given import Judging, read_given
    from edgetag.conversion.exported import exported_path
    from edgetag.one_stage import ensure_stage, run_stage, withdraw
    from edgetag.tags import Vocabulary
    from edgetag.validation.held import require_standing

    loaded, workspace, progress = prepare(recipe, out, verbose)
    ours = exported_path(workspace).exists()
    if not ours and workspace.run_file.exists():
        # All that lies there is of files given before: were these refused, report would tell it.
        withdraw(("validate", "report"), loaded, workspace)
    external = read_given(
        files,
        Judging(
            workspace,
            loaded.network.preprocessing(),
            Vocabulary(loaded.data.tags),
            mean=mean,
            std=std,
            labels=labels,
        ),
        taken=loaded.export.possible if ours else (),
    )
    for model in external:
        for note in model.notes:
            progress.say(f"{model.name}: {note}")
    accepted = accepted_state(recipe, workspace, baseline, no_baseline)
    require_standing(loaded, [model.name for model in external], stands_for, accepted)
    ensure_stage("dataset", loaded, workspace, progress)
    result = run_stage(
        "validate",
        loaded,
        workspace,
        progress,
        needs=("dataset",),
        parts=("external", "stands_for"),
        whole=_of_all_files(loaded),
        reference=reference,
        external=external,
        stands_for=stands_for,
        baseline=accepted,
        max_changed=max_changed,
    )
    end(result, json, github)


def _of_all_files(recipe: "Recipe") -> "Callable[[Verdict], bool]":
    """Return what tells whether a verdict is about every file of the recipe."""
    section = recipe.export
    return lambda verdict: set(section.variants) <= set(verdict.decisions) <= set(section.possible)


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
    from edgetag.shipping import read_shipping
    from edgetag.validation.throughput import measure

    loaded, workspace, progress = prepare(recipe, out, False)
    chosen = variant or read_shipping(loaded, workspace).leading
    print_result(measure(loaded, workspace, progress, chosen, images), json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of verdict.json, for programs that read it."""
    from edgetag.validation.result import Verdict

    print_schema(Verdict.json_schema(written=True))
