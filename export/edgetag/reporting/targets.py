"""What is wrong on other machines, as rows of the report and as sentences."""

from collections.abc import Iterator

from edgetag.reporting.result import BudgetRow, FailureRow, Finding
from edgetag.reporting.wording import check_finding
from edgetag.tables.formats import format_count
from edgetag.targets.result import TargetCheck, TargetsResult


def target_budget_rows(result: TargetsResult) -> tuple[BudgetRow, ...]:
    """Return `max_arm_instructions` of every file, as other budgets are shown."""
    return tuple(
        BudgetRow.like(budget, runtime=result.budget_place, stage="targets")
        for budget in result.budgets
    )


def target_failure_rows(result: TargetsResult) -> tuple[FailureRow, ...]:
    """Return what other machines did not run, each place once."""
    rows = [
        FailureRow.like(check, runtime=check.place, stage="targets")
        for check in result.checks
        if check.agreement in ("fails there", "not compared")
    ]
    rows += [
        FailureRow.like(
            failure,
            runtime=failure.place,
            stage="targets",
            reason=f"not counted: {failure.reason}",
        )
        for failure in result.failures
    ]
    first_rows: dict[tuple[str, str], FailureRow] = {}
    for row in rows:
        first_rows.setdefault((row.variant, row.runtime), row)
    return tuple(first_rows.values())


def target_findings(result: TargetsResult) -> tuple[Finding, ...]:
    """Return what stands between files and their acceptance on other machines, then notes."""
    return (*score_findings(result), *budget_findings(result))


def budget_findings(result: TargetsResult) -> Iterator[Finding]:
    """Yield the limits on instructions that are not kept."""
    for row in target_budget_rows(result):
        if row.verdict != "pass":
            yield check_finding(row)


def score_findings(result: TargetsResult) -> Iterator[Finding]:
    """Yield files whose scores are others elsewhere, and what did not run there."""
    for check in result.checks:
        if not check.acceptable:
            yield Finding.about("fail", describe_difference(check), check.variant, check.place)
    for check in result.checks:
        if check.agreement == "not compared":
            text = f"not compared: {check.reason}"
            yield Finding.about("note", text, check.variant, check.place)
    for failure in result.failures:
        text = f"not counted: {failure.reason}"
        yield Finding.about("note", text, failure.variant, failure.place)


def describe_difference(check: TargetCheck) -> str:
    """Say in a sentence how scores differ from those here, or why there are none."""
    if check.agreement == "fails there":
        return f"does not run there: {check.reason}"
    if check.differing_images is None or check.max_difference is None:
        return f"does not compare with {check.host} here: {check.reason}"
    limit = "none is allowed" if check.tolerance == 0 else f"{check.tolerance:g} is allowed"
    return (
        f"scores of {format_count(check.differing_images)} of {format_count(check.images)} "
        f"images differ from {check.host}'s "
        f"here, by up to {check.max_difference:.2g}; {limit}"
    )
