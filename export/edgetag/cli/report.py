"""`edgetag report`."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from edgetag.cli.options import Github, Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.outcome import append_step_summary, print_result
from edgetag.cli.stages import prepare

if TYPE_CHECKING:
    from edgetag.reporting.result import ReportResult


def report(
    recipe: RecipeOrRun,
    out: RunFolder = None,
    github: Github = False,
    mlflow: Annotated[
        str | None,
        typer.Option(
            metavar="EXPERIMENT",
            help="Also log figures and files to MLflow under this experiment; MLFLOW_TRACKING_URI "
            r"says where (pip install 'edgetag\[mlflow]').",
        ),
    ] = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write the report (report/): what validate found, and explain and bench if they have run.

    --github also adds report/summary.md to the page of the GitHub Actions run.
    """
    from edgetag.one_stage import require_in_step, run_stage

    loaded, workspace, progress = prepare(recipe, out, verbose)
    with workspace.locked():
        # A verdict on other tags or splits than the recipe's would be shown as its own.
        require_in_step(("dataset",), loaded, workspace, progress)
    result = cast(
        "ReportResult", run_stage("report", loaded, workspace, progress, needs=("validate",))
    )
    if github:
        append_step_summary(workspace.root / result.file)
    if mlflow is not None:
        from edgetag.reporting.mlflow_run import log_run

        progress.say(f"MLflow: run {log_run(loaded, workspace, mlflow)} of {mlflow}")
    print_result(result, json, github)
