"""Tables of what emulated machines showed."""

from edgetag.device.result import CountResult, InstructionCount, TargetsResult
from edgetag.reporting.tables import NONE, Sheet

MARKS = {
    "identical": "✓ identical",
    "within tolerance": "✓ within tolerance",
    "differs": "✗ differs",
    "fails there": "✗ fails there",
    "not compared": "not compared",
}


def check_sheet(result: TargetsResult) -> Sheet:
    """Return one row per file and runtime."""
    rows = tuple(
        (
            check.variant,
            f"{check.runtime} {check.runtime_version}",
            check.host,
            NONE if check.differing_images is None else f"{check.differing_images}",
            NONE if check.max_difference is None else f"{check.max_difference:.2g}",
            "none" if check.tolerance == 0 else f"{check.tolerance:g}",
            MARKS[check.agreement],
            check.reason or NONE,
        )
        for check in result.checks
    )
    return Sheet(
        f"Emulated {result.target} ({result.cpu}) against this machine, {result.images} images "
        f"of {result.split}",
        ("variant", "runtime", "engine here", "images that differ", "largest difference",
         "tolerance", "agreement", "reason"),
        frozenset({3, 4, 5}),
        rows,
    )  # fmt: skip


def count_sheet(result: CountResult) -> Sheet:
    """Return one row per file and runtime, one column per processor."""
    cpus = tuple(dict.fromkeys(one.cpu for one in result.tried))
    pairs = dict.fromkeys((one.variant, one.runtime) for one in result.tried)
    rows = []
    for variant, runtime in pairs:
        found = [result.find(variant, runtime, cpu) for cpu in cpus]
        reasons = {
            f.reason for f in result.failures if (f.variant, f.runtime) == (variant, runtime)
        }
        rows.append((variant, runtime, *map(_millions, found), "; ".join(sorted(reasons)) or NONE))
    return Sheet(
        f"Millions of instructions per inference, counted on emulated {result.target}",
        ("variant", "runtime", *cpus, "reason"),
        frozenset(range(2, 2 + len(cpus))),
        tuple(rows),
    )


def _millions(count: InstructionCount | None) -> str:
    return NONE if count is None else f"{count.instructions / 1e6:.2f}"


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
        f"{count.variant} on {count.runtime}, {count.cpu}: instructions by operator",
        ("first", "operator", "instructions", "share"),
        frozenset({0, 2, 3}),
        rows,
    )


def instruction_budget_sheet(result: CountResult) -> Sheet:
    """Return one row per budget."""
    marks = {"pass": "✓ pass", "fail": "✗ fail", "undecided": "? undecided"}
    rows = tuple(
        (
            budget.variant,
            f"{budget.limit:,}",
            NONE if budget.measured is None else f"{budget.measured:,}",
            marks[budget.verdict],
        )
        for budget in result.budgets
    )
    return Sheet(
        f"max_arm_instructions, on {result.budget_runtime}, {result.budget_cpu}",
        ("variant", "limit", "counted", "verdict"),
        frozenset({1, 2}),
        rows,
    )
