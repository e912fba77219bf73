"""`targets/targets.json`: adding to it, and leaving out what is about files of the past."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from edgetag.conversion.exported import exported_if_there
from edgetag.conversion.result import ExportedVariant
from edgetag.recipe import BUDGET_CPU, BUDGET_TARGET, Recipe
from edgetag.targets.budgets import check_budgets
from edgetag.targets.result import (
    CountFailure,
    InstructionCount,
    TargetCheck,
    TargetRecord,
    TargetsResult,
)
from edgetag.workspace import Workspace

R = TypeVar("R", bound=TargetRecord)


def result_path(workspace: Workspace) -> Path:
    """Return where the result lies."""
    return workspace.targets / "targets.json"


def make(
    recipe: Recipe,
    checks: Iterable[TargetCheck] = (),
    counts: Iterable[InstructionCount] = (),
    failures: Iterable[CountFailure] = (),
) -> TargetsResult:
    """Return a result with its budgets judged by the recipe."""
    counts, failures = tuple(counts), tuple(failures)
    return TargetsResult(
        budget_runtime=recipe.benchmark.budget_runtime,
        budget_target=BUDGET_TARGET,
        budget_cpu=BUDGET_CPU,
        checks=tuple(checks),
        counts=counts,
        failures=failures,
        budgets=check_budgets(recipe, counts, failures),
    )


def read_current(recipe: Recipe, workspace: Workspace) -> TargetsResult | None:
    """Return what is known of the files as they are now; None where nothing is.

    Raises:
        InputError: The result is damaged.
    """
    path, made = result_path(workspace), exported_if_there(workspace)
    if not path.exists() or made is None:
        return None
    kept = TargetsResult.read(path, "target check RECIPE --on arm64")
    current = _current(recipe, kept, made.variants)
    return current if current.checks or current.tried else None


def add(recipe: Recipe, workspace: Workspace, now: TargetsResult) -> TargetsResult:
    """Add to what is known, write it, and return all of it.

    What was found for the same file, runtime, machine and processor is replaced; the rest stays,
    as long as the files are still the same.

    Raises:
        InputError: What is known is damaged; delete it.
    """
    before = read_current(recipe, workspace)
    if before is None:
        merged = now
    else:
        counted = {record.key for record in now.tried}
        merged = make(
            recipe,
            _replaced(before.checks, now.checks),
            (*(count for count in before.counts if count.key not in counted), *now.counts),
            (*(lost for lost in before.failures if lost.key not in counted), *now.failures),
        )
    merged.write(result_path(workspace))
    return merged


def _replaced(before: tuple[R, ...], now: tuple[R, ...]) -> tuple[R, ...]:
    keys = {record.key for record in now}
    return (*(record for record in before if record.key not in keys), *now)


def _current(
    recipe: Recipe, result: TargetsResult, files: Iterable[ExportedVariant]
) -> TargetsResult:
    digests = {file.variant: file.sha256 for file in files}

    def fresh(record: TargetRecord) -> bool:
        return digests.get(record.variant) == record.sha256

    return make(
        recipe,
        filter(fresh, result.checks),
        filter(fresh, result.counts),
        filter(fresh, result.failures),
    )
