"""What `run`, `validate` and `bench` end with: tables, annotations and the exit code."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import typer

from edgetag.cli.terminal import print_json, print_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgetag.benchmarking.result import BenchResult
    from edgetag.bundling.result import BundleResult
    from edgetag.errors import ExitCode
    from edgetag.judging.decisions import Decision
    from edgetag.records import Result
    from edgetag.reporting.result import Finding, ReportResult
    from edgetag.targets.result import TargetsResult
    from edgetag.validation.result import Verdict
    from edgetag.workspace import Workspace


def end(result: "Result", json: bool, github: bool = False) -> NoReturn:
    """Print a result as `print_result` does, and exit as it says."""
    print_result(result, json, github)
    raise typer.Exit(result.exit_code)


def exit_code(results: "Mapping[str, Result]") -> "ExitCode":
    """Return the worst of what the stages of a run decided; what was passed over does not count."""
    from edgetag.judging.decisions import EXIT_CODES, worst

    decided: list[Decision] = []
    over = tuple[str, ...]()
    if "validate" in results:
        verdict = cast("Verdict", results["validate"])
        decided.append(verdict.verdict)
        over = verdict.passed_over
    if "bench" in results:
        budgets = cast("BenchResult", results["bench"]).budgets
        decided += [budget.verdict for budget in budgets if budget.variant not in over]
    if "targets" in results:
        targets = cast("TargetsResult", results["targets"])
        decided.append(targets.only(lambda variant: variant not in over).verdict)
    return EXIT_CODES[worst(decided, of_none="pass")]


def print_result(result: "Result", json: bool, github: bool = False) -> None:
    """Print one stage's result: as JSON, or as the tables that show it.

    Args:
        result: Result of any stage.
        json: Print JSON and nothing else; `github` is then passed over.
        github: Print annotations for GitHub Actions too, and keep the runner from obeying
            anything that the tables hold.
    """
    from edgetag.reporting.results import tables_of

    if json:
        print_json(result)
        return
    tables = tables_of(result)
    if not github:
        print_tables(tables)
        return
    from edgetag.reporting.annotations import annotations, stop_commands

    stop, resume = stop_commands()
    typer.echo(stop)
    print_tables(tables)
    typer.echo(resume)
    for line in annotations(_findings(result)):
        typer.echo(line)


def _findings(result: "Result") -> "tuple[Finding, ...]":
    from edgetag.reporting.findings import find
    from edgetag.reporting.result import ReportResult
    from edgetag.reporting.targets import target_findings
    from edgetag.targets.result import TargetsResult
    from edgetag.validation.result import Verdict

    if isinstance(result, ReportResult):
        return result.findings
    if isinstance(result, TargetsResult):
        return target_findings(result)
    return find(result) if isinstance(result, Verdict) else ()


def append_step_summary(summary: Path) -> None:
    """Add a summary to the page of the GitHub Actions run; elsewhere do nothing.

    Raises:
        InputError: The runner's file cannot be written.
    """
    from edgetag.errors import InputError

    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if not place:
        return
    try:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(summary.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{place}: the summary cannot be added: {error.strerror}; GITHUB_STEP_SUMMARY names it"
        ) from None


def print_outcome(workspace: "Workspace", results: "Mapping[str, Result]") -> None:
    """Print the table of variants, where the report and the bundle lie, and why which ships."""
    from edgetag.reporting.tables import outcome_tables
    from edgetag.targets.tables import check_table

    report = cast("ReportResult", results["report"])
    bundle = cast("BundleResult | None", results.get("bundle"))
    print_tables(outcome_tables(report))
    targets = cast("TargetsResult | None", results.get("targets"))
    if targets is not None and any(not check.acceptable for check in targets.checks):
        print_tables([check_table(targets)])
    typer.echo(f"report: {workspace.root / (report.page or report.file)}")
    if bundle is not None:
        typer.echo(f"bundle: {workspace.root / bundle.file}")
        if bundle.desktop is not None:
            typer.echo(f"for desktops: {workspace.root / bundle.desktop.file}")
    if report.shipping:
        typer.echo(report.shipping)
