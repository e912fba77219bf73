"""Tables of what other machines showed: scores beside those here, instructions, machines."""

from collections.abc import Iterator

from edgetag.catalogue.variants import BASE
from edgetag.tables import NONE, Cell, Column, Decision, Number, Prose, Rows, Table, decided
from edgetag.tables.formats import format_count, format_fraction, format_millions, format_percent
from edgetag.tables.lists import failed_since, only_in_one
from edgetag.targets.counting.ratios import InstructionComparison
from edgetag.targets.listing import TargetList
from edgetag.targets.result import BUDGET, Agreement, InstructionCount, TargetCheck, TargetsResult

MARKS: dict[Agreement, str] = {
    "identical": "pass",
    "within tolerance": "pass",
    "differs": "fail",
    "fails there": "fail",
    "not compared": "not judged",
}


def target_tables(result: TargetsResult) -> tuple[Table, ...]:
    """Return tables of checks, counts, operators and budgets, as far as there are any."""
    return tuple(_of_targets(result))


def _of_targets(result: TargetsResult) -> Iterator[Table]:
    if result.checks:
        yield check_table(result)
    if result.tried:
        yield count_table(result)
    yield from (operators_table(count) for count in result.counts if count.operators)
    if result.budgets:
        yield Rows(result.budgets).table(
            f"{BUDGET}, on {result.budget_place}",
            Column("variant", lambda budget: budget.variant),
            Number("limit", lambda budget: f"{budget.limit:,}"),
            Number(
                "counted",
                lambda budget: None if budget.measured is None else f"{budget.measured:,}",
            ),
            Decision("verdict", lambda budget: decided(budget.verdict)),
        )


def check_table(result: TargetsResult) -> Table:
    """Show one row per file, runtime and processor."""
    return Rows(result.checks).table(
        "Scores on targets against those here; ARM is emulated by QEMU",
        Column("variant", lambda check: check.variant),
        Column("runtime", lambda check: Cell(check.engine, note=check.runtime_version)),
        Column("processor", lambda check: Cell(check.cpu or NONE, note=check.program)),
        Column("engine here", lambda check: check.host),
        Number("images", lambda check: check.images),
        Number("that differ", lambda check: check.differing_images),
        Number("largest difference", _difference),
        Number(
            "tolerance", lambda check: "none" if check.tolerance == 0 else f"{check.tolerance:g}"
        ),
        Decision("agreement", lambda check: Cell(check.agreement, mark=MARKS[check.agreement])),
        Prose("reason", lambda check: check.reason or None),
    )


def _difference(check: TargetCheck) -> str | None:
    return None if check.max_difference is None else f"{check.max_difference:.2g}"


Place = tuple[str, str, str]
"""Variant, target and runtime of a count."""


def count_table(result: TargetsResult) -> Table:
    """Show one row per file and runtime; a count and its exact ratio to fp32 per processor."""
    cpus = dict.fromkeys(tried.cpu or NONE for tried in result.tried)
    columns = [column for cpu in cpus for column in _counts_on(result, cpu)]

    def reason(place: Place) -> str | None:
        reasons = {failure.reason for failure in result.failures if failure.key[:3] == place}
        return "; ".join(sorted(reasons)) or None

    return Rows(dict.fromkeys(tried.key[:3] for tried in result.tried)).table(
        "Millions of instructions per inference on emulated processors; exact, and no time",
        Column("variant", lambda place: place[0]),
        Column("runtime", lambda place: f"{place[2]}@{place[1]}"),
        *columns,
        Prose("reason", reason),
    )


def _counts_on(result: TargetsResult, cpu: str) -> tuple[Column[Place], ...]:
    def instructions(place: Place) -> Cell:
        count = result.find(*place, cpu)
        if count is None:
            return Cell(NONE)
        note = f"{format_count(count.instructions)}, {count.program}"
        return Cell(format_millions(count.instructions), note=note)

    def ratio(place: Place) -> str:
        count, base = result.find(*place, cpu), result.find(BASE, *place[1:], cpu)
        if count is None or base is None:
            return NONE
        return format_fraction(count.instructions / base.instructions)

    return Number(cpu, instructions), Number(f"÷ {BASE}", ratio)


def operators_table(count: InstructionCount) -> Table:
    """Show what each operator of a file costs."""
    return Rows(count.operators).table(
        f"{count.variant} on {count.place}: instructions by operator",
        Number("first", lambda group: group.first),
        Column("operator", lambda group: " + ".join(group.operators)),
        Number("instructions", lambda group: f"{group.instructions:,}"),
        Number("share", lambda group: format_percent(group.instructions / count.instructions)),
    )


def ratio_tables(result: InstructionComparison) -> tuple[Table, ...]:
    """Return ratios of instructions, the largest growth first, and counts without a partner."""
    ratios = Rows(result.ratios).table(
        f"Instructions of an inference, exact and no time; at most {result.max_ratio:g} is allowed",
        Column("variant", lambda ratio: ratio.variant),
        Column("runtime", lambda ratio: ratio.runtime),
        Column("processor", lambda ratio: ratio.cpu),
        Column("same file", lambda ratio: "yes" if ratio.same_file else "no"),
        Number("before", lambda ratio: f"{ratio.before:,}"),
        Number("after", lambda ratio: f"{ratio.after:,}"),
        Number("after ÷ before", lambda ratio: format_fraction(ratio.ratio, 4)),
        Decision("verdict", lambda ratio: decided(ratio.verdict)),
    )
    return (
        ratios,
        *failed_since(result.failed_after),
        *only_in_one("count", result.only_before, result.only_after),
    )


def target_list_tables(result: TargetList) -> tuple[Table, ...]:
    """Show one row per target."""
    states = {
        "ok": decided("pass", "ready"),
        "missing": Cell("not set up"),
        "broken": decided("fail", "broken"),
    }
    table = Rows(result.targets).table(
        "Targets for --on",
        Column("name", lambda target: target.name),
        Column("state", lambda target: states[target.state]),
        Column("runtimes", lambda target: ", ".join(target.runtimes)),
        Column("processors", lambda target: ", ".join(target.cpus) or None),
        Prose("reason", lambda target: target.detail or None),
    )
    return (table,)
