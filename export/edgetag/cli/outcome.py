"""What `run`, `validate` and `bench` end with: tables and the exit code."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from edgetag.errors import ExitCode

if TYPE_CHECKING:
    from edgetag.benchmarking.result import BenchResult
    from edgetag.recipe import Recipe
    from edgetag.records import Result
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


def print_outcome(
    recipe: "Recipe", workspace: "Workspace", results: "Mapping[str, Result]"
) -> None:
    """Print the table of variants and where the report and the bundle lie."""
    raise NotImplementedError
