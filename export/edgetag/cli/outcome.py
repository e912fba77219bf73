"""What `run`, `validate` and `bench` end with: tables and the exit code."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import typer

from edgetag.errors import ExitCode

if TYPE_CHECKING:
    from edgetag.benchmarking.result import BenchResult
    from edgetag.bundling.result import BundleResult
    from edgetag.records import Result
    from edgetag.reporting.result import ReportResult
    from edgetag.validation.result import Verdict
    from edgetag.workspace import Workspace


def exit_code(results: "Mapping[str, Result]") -> ExitCode:
    """Return the worst of what validation and the benchmark decided."""
    decided = set()
    if "validate" in results:
        decided.add(cast("Verdict", results["validate"]).verdict)
    if "bench" in results:
        decided |= {budget.verdict for budget in cast("BenchResult", results["bench"]).budgets}
    if "fail" in decided:
        return ExitCode.BUDGET_BROKEN
    return ExitCode.UNDECIDED if "undecided" in decided else ExitCode.ACCEPTED


def print_result(result: "Result", json: bool) -> None:
    """Print one stage's result: as JSON, or as the tables that show it."""
    from edgetag.cli.terminal import print_json, print_tables
    from edgetag.reporting.results import sheets
    from edgetag.reporting.tables import to_rich

    if json:
        print_json(result)
    else:
        print_tables([to_rich(sheet) for sheet in sheets(result)])


def print_outcome(workspace: "Workspace", results: "Mapping[str, Result]") -> None:
    """Print the table of variants and where the report and the bundle lie."""
    from edgetag.cli.terminal import print_tables
    from edgetag.reporting.tables import outcome

    report = cast("ReportResult", results["report"])
    bundle = cast("BundleResult", results["bundle"])
    print_tables(outcome(report))
    typer.echo(f"report: {workspace.root / report.file}")
    typer.echo(f"bundle: {workspace.root / bundle.file}")
