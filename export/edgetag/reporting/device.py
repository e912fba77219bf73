"""What other machines showed: as tables, and as sentences about what is wrong."""

from collections.abc import Iterator

from edgetag.device.comparing import InstructionComparison
from edgetag.device.listing import MachineList
from edgetag.device.result import BUDGET, DeviceResult, InstructionCount, TargetCheck
from edgetag.reporting.result import BudgetRow, FailureRow, Finding
from edgetag.reporting.tables import MARKS as DECISIONS
from edgetag.reporting.tables import NONE, Sheet
from edgetag.reporting.wording import describe_check, describe_where

MARKS = {
    "identical": "✓ identical",
    "within tolerance": "✓ within tolerance",
    "differs": "✗ differs",
    "fails there": "✗ fails there",
    "not compared": "not compared",
}
BASE = "fp32"
"""What counts are compared with, on the same runtime, machine and processor."""


def device_sheets(result: DeviceResult) -> tuple[Sheet, ...]:
    """Return tables of checks, counts, operators and budgets, as far as there are any."""
    found = [check_sheet(result)] if result.checks else []
    found += [count_sheet(result)] if result.tried else []
    found += [operators_sheet(one) for one in result.counts if one.operators]
    found += [budget_sheet(result)] if result.budgets else []
    return tuple(found)


def check_sheet(result: DeviceResult) -> Sheet:
    """Return one row per file, runtime and processor."""
    rows = tuple(
        (
            check.variant,
            check.engine,
            check.cpu or NONE,
            check.host,
            f"{check.images}",
            NONE if check.differing_images is None else f"{check.differing_images}",
            NONE if check.max_difference is None else f"{check.max_difference:.2g}",
            "none" if check.tolerance == 0 else f"{check.tolerance:g}",
            MARKS[check.agreement],
            check.reason or NONE,
        )
        for check in result.checks
    )
    return Sheet(
        "Scores on other machines against this one; emulated by QEMU, except WebAssembly in Node",
        ("variant", "runtime", "processor", "engine here", "images", "that differ",
         "largest difference", "tolerance", "agreement", "reason"),
        frozenset({4, 5, 6, 7}),
        rows,
    )  # fmt: skip


def count_sheet(result: DeviceResult) -> Sheet:
    """Return one row per file and runtime; a count and its exact ratio to fp32 per processor."""
    cpus = tuple(dict.fromkeys(one.cpu or NONE for one in result.tried))
    rows = []
    for variant, target, runtime in dict.fromkeys(one.key[:3] for one in result.tried):
        cells: list[str] = []
        for cpu in cpus:
            found = result.find(variant, target, runtime, cpu)
            base = result.find(BASE, target, runtime, cpu)
            cells += [_millions(found), _ratio(found, base)]
        reasons = {
            failure.reason
            for failure in result.failures
            if failure.key[:3] == (variant, target, runtime)
        }
        told = "; ".join(sorted(reasons)) or NONE
        rows.append((variant, f"{runtime}@{target}", *cells, told))
    headings = [text for cpu in cpus for text in (cpu, f"÷ {BASE}")]
    return Sheet(
        "Millions of instructions per inference on emulated processors; exact, and no time",
        ("variant", "runtime", *headings, "reason"),
        frozenset(range(2, 2 + len(headings))),
        tuple(rows),
    )


def _millions(count: InstructionCount | None) -> str:
    return NONE if count is None else f"{count.instructions / 1e6:.2f}"


def _ratio(count: InstructionCount | None, base: InstructionCount | None) -> str:
    return (
        NONE if count is None or base is None else f"{count.instructions / base.instructions:.3f}"
    )


def operators_sheet(count: InstructionCount) -> Sheet:
    """Return what each operator of a file costs."""
    rows = tuple(
        (
            str(one.first),
            " + ".join(one.operators),
            f"{one.instructions:,}",
            f"{one.instructions / count.instructions:.1%}",
        )
        for one in count.operators
    )
    return Sheet(
        f"{count.variant} on {count.place}: instructions by operator",
        ("first", "operator", "instructions", "share"),
        frozenset({0, 2, 3}),
        rows,
    )


def budget_sheet(result: DeviceResult) -> Sheet:
    """Return one row per budget."""
    rows = tuple(
        (
            budget.variant,
            f"{budget.limit:,}",
            NONE if budget.measured is None else f"{budget.measured:,}",
            DECISIONS[budget.verdict],
        )
        for budget in result.budgets
    )
    return Sheet(
        f"{BUDGET}, on {result.budget_place}",
        ("variant", "limit", "counted", "verdict"),
        frozenset({1, 2}),
        rows,
    )


def instruction_ratio_sheets(result: InstructionComparison) -> tuple[Sheet, ...]:
    """Return ratios of instructions, the largest growth first, and counts without a partner."""
    rows = tuple(
        (
            found.variant, found.runtime, found.cpu or NONE, "yes" if found.same_file else "no",
            f"{found.before:,}", f"{found.after:,}", f"{found.ratio:.4f}",
            DECISIONS[found.verdict],
        )
        for found in result.ratios
    )  # fmt: skip
    headings = (
        "variant", "runtime", "processor", "same file", "before", "after", "after ÷ before",
        "verdict",
    )  # fmt: skip
    title = (
        f"Instructions of an inference, exact and no time; at most {result.max_ratio:g} is allowed"
    )
    alone = [(name, "before") for name in result.only_before]
    alone += [(name, "after") for name in result.only_after]
    found = (Sheet(title, headings, frozenset({4, 5, 6}), rows),)
    if not alone:
        return found
    return (*found, Sheet("Only in one of them", ("count", "which"), frozenset(), tuple(alone)))


def machines_sheet(result: MachineList) -> Sheet:
    """Return one row per machine."""
    marks = {"ok": "✓ ready", "missing": "not set up", "broken": "✗ broken"}
    rows = tuple(
        (
            machine.name,
            marks[machine.state],
            ", ".join(machine.runtimes),
            ", ".join(machine.cpus) or NONE,
            machine.detail or NONE,
        )
        for machine in result.machines
    )
    headings = ("name", "state", "runtimes", "processors", "reason")
    return Sheet("Machines for --on", headings, frozenset(), rows)


def device_budget_rows(result: DeviceResult) -> tuple[BudgetRow, ...]:
    """Return `max_arm_instructions` of every file, as other budgets are shown."""
    return tuple(
        BudgetRow(
            runtime=result.budget_place,
            stage="device",
            budget=BUDGET,
            variant=budget.variant,
            limit=budget.limit,
            measured=budget.measured,
            verdict=budget.verdict,
        )
        for budget in result.budgets
    )


def device_failure_rows(result: DeviceResult) -> tuple[FailureRow, ...]:
    """Return what other machines did not run, each place once."""
    told = {
        (check.variant, check.place): check.reason
        for check in result.checks
        if check.agreement in ("fails there", "not compared")
    }
    for failure in result.failures:
        told.setdefault((failure.variant, failure.place), f"not counted: {failure.reason}")
    return tuple(
        FailureRow(variant=variant, runtime=place, stage="device", reason=reason)
        for (variant, place), reason in told.items()
    )


def device_findings(result: DeviceResult) -> tuple[Finding, ...]:
    """Return what stands between files and their acceptance on other machines, then notes."""
    return (*score_findings(result), *budget_findings(result))


def budget_findings(result: DeviceResult) -> Iterator[Finding]:
    """Yield the limits on instructions that are not kept."""
    for row in device_budget_rows(result):
        if row.verdict != "pass":
            yield Finding(
                level="fail" if row.verdict == "fail" else "undecided",
                where=describe_where(row.variant, row.runtime),
                text=describe_check(row),
                variant=row.variant,
            )


def score_findings(result: DeviceResult) -> Iterator[Finding]:
    """Yield files whose scores are others elsewhere, and what did not run there."""
    for check in result.checks:
        if not check.acceptable:
            yield Finding(
                level="fail",
                where=describe_where(check.variant, check.place),
                text=describe_difference(check),
                variant=check.variant,
            )
    for check in result.checks:
        if check.agreement == "not compared":
            yield _note(check.variant, check.place, f"not compared: {check.reason}")
    for failure in result.failures:
        yield _note(failure.variant, failure.place, f"not counted: {failure.reason}")


def _note(variant: str, place: str, text: str) -> Finding:
    return Finding(level="note", where=describe_where(variant, place), text=text, variant=variant)


def describe_difference(check: TargetCheck) -> str:
    """Say in a sentence how scores differ from those here, or why there are none."""
    if check.agreement == "fails there":
        return f"does not run there: {check.reason}"
    if check.differing_images is None or check.max_difference is None:
        return f"does not compare with {check.host} here: {check.reason}"
    limit = "none is allowed" if check.tolerance == 0 else f"{check.tolerance:g} is allowed"
    return (
        f"scores of {check.differing_images} of {check.images} images differ from {check.host}'s "
        f"here, by up to {check.max_difference:.2g}; {limit}"
    )
