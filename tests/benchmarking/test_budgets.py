"""Budgets on latency, size and memory: judged in one place, never kept without a measurement."""

from pathlib import Path

import pytest

from edgetag.benchmarking.budgets import check_budgets
from edgetag.benchmarking.result import (
    BenchResult,
    BudgetCheck,
    Failure,
    Latency,
    Measurement,
    Ratio,
)
from edgetag.errors import ExitCode
from edgetag.machine import this_machine
from edgetag.recipe import Recipe, Variant, parse_recipe
from tests.support import made_results
from tests.support.made_results import exported

BASE = """
name = "budgets"
[data]
source = "table.csv"
[export]
variants = ["fp32", "int8"]
[bundle]
variant = "int8"
[budgets.int8]
"""


def recipe_with(budget: str) -> Recipe:
    return parse_recipe(BASE + budget, Path("recipe.toml"))


def measured(
    variant: Variant,
    p50: float,
    runtime: str = "litert",
    memory: int | None = 1000,
    interval: tuple[float, float] | None = (0, 0),
    **more: object,
) -> Measurement:
    """Return a figure; its interval is the median alone where none is given."""
    bounds = (p50, p50) if interval == (0, 0) else interval
    latency = Latency(p50=p50, p90=2 * p50, p99=3 * p50, p50_interval=bounds)
    changes = {"runs": 10, "latency_ms": latency, "peak_memory_bytes": memory} | more
    return made_results.measured(variant, runtime, p50).replace(**changes)


def in_turns(p50: float, interval: tuple[float, float] | None = (0, 0)) -> Ratio:
    return Ratio(p50=p50, interval=(p50, p50) if interval == (0, 0) else interval)


FILES = (exported("fp32", 1000), exported("int8", 290))


def only(checks: tuple[BudgetCheck, ...]) -> BudgetCheck:
    (check,) = checks
    return check


def test_no_budget_gives_no_check() -> None:
    assert check_budgets(recipe_with(""), FILES, [measured("int8", 1)], []) == ()


def test_a_limit_that_is_just_reached_is_kept() -> None:
    recipe = recipe_with("max_latency_ms = 2.0\nmax_size_bytes = 290")
    checks = check_budgets(recipe, FILES, [measured("int8", 2.0)], [])
    assert [check.verdict for check in checks] == ["pass", "pass"]


def test_ratios_are_to_fp32_on_the_budgets_runtime_alone() -> None:
    found = [
        measured("fp32", 10),
        measured("int8", 5, ratio=in_turns(0.5)),
        measured("fp32", 10, "tflite-runtime"),
        measured("int8", 80, "tflite-runtime", ratio=in_turns(8.0)),
    ]
    check = only(check_budgets(recipe_with("max_latency_ratio = 0.6"), FILES, found, []))
    assert (check.measured, check.verdict) == (0.5, "pass")
    check = only(check_budgets(recipe_with("max_size_ratio = 0.28"), FILES, found, []))
    assert (check.measured, check.verdict) == (0.29, "fail")


def test_a_runtime_that_is_not_here_leaves_latency_undecided() -> None:
    found = [measured("int8", 5, "tflite-runtime")]
    check = only(check_budgets(recipe_with("max_latency_ms = 9.0"), FILES, found, []))
    assert (check.measured, check.verdict) == (None, "undecided")
    assert check.reason == "it was not measured on litert with 1 thread"


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((4.0, 5.0), "pass"),
        ((4.0, 5.1), "undecided"),
        ((5.0, 6.0), "undecided"),
        ((5.1, 6.0), "fail"),
    ],
)
def test_the_interval_of_a_latency_decides_not_the_estimate(
    interval: tuple[float, float], verdict: str
) -> None:
    found = [measured("int8", 4.9, interval=interval)]
    check = only(check_budgets(recipe_with("max_latency_ms = 5.0"), FILES, found, []))
    assert (check.measured, check.interval, check.verdict) == (4.9, interval, verdict)
    assert bool(check.reason) == (verdict == "undecided")


@pytest.mark.parametrize(
    ("interval", "limit", "of_stable", "of_unstable"),
    [
        ((0.4, 0.62), 0.63, "pass", "pass"),
        ((0.4, 0.62), 0.6, "undecided", "undecided"),
        ((0.4, 0.62), 0.38, "fail", "undecided"),
        ((0.4, 0.62), 0.19, "fail", "fail"),
        ((4.3, 5.1), 4.2, "fail", "fail"),
        ((4.3, 5.1), 5.2, "pass", "undecided"),
        ((4.3, 5.1), 10.2, "pass", "pass"),
        ((0.9, 1.1), 1.2, "pass", "undecided"),
        ((0.9, 1.1), 0.8, "fail", "undecided"),
    ],
)
def test_a_ratio_of_unstable_times_decides_only_what_holds_were_it_twice_as_far_from_1(
    interval: tuple[float, float], limit: float, of_stable: str, of_unstable: str
) -> None:
    for stable, verdict in ((True, of_stable), (False, of_unstable)):
        found = [
            measured("fp32", 10, stable=stable, spread=0.1 if stable else 9.0),
            measured("int8", 5, ratio=in_turns(sum(interval) / 2, interval)),
        ]
        check = only(check_budgets(recipe_with(f"max_latency_ratio = {limit}"), FILES, found, []))
        assert (check.interval, check.verdict) == (interval, verdict)
        assert ("fp32 is unstable" in check.reason) is (verdict == "undecided" and not stable)


@pytest.mark.parametrize(
    ("ratio", "reason"),
    [(None, "it was not timed in turns with fp32"), (in_turns(0.1, None), "10 runs are too few")],
)
def test_a_ratio_that_was_not_measured_well_decides_nothing(
    ratio: Ratio | None, reason: str
) -> None:
    found = [measured("fp32", 10), measured("int8", 1, ratio=ratio)]
    check = only(check_budgets(recipe_with("max_latency_ratio = 0.6"), FILES, found, []))
    assert check.verdict == "undecided"
    assert check.reason.startswith(reason)


def test_the_ratio_of_fp32_to_itself_is_exactly_1() -> None:
    text = BASE.replace("budgets.int8", "budgets.fp32") + "max_latency_ratio = 1.0"
    found = [measured("fp32", 10, interval=(8, 12), stable=False, spread=9.0)]
    check = only(check_budgets(parse_recipe(text, Path("recipe.toml")), FILES, found, []))
    assert (check.measured, check.verdict) == (1.0, "pass")


def test_an_unstable_figure_decides_no_budget_on_latency() -> None:
    found = [measured("int8", 90.0, stable=False, spread=0.7)]
    recipe = recipe_with("max_latency_ms = 1.0\nmax_size_bytes = 290")
    latency, size = check_budgets(recipe, FILES, found, [])
    assert latency.verdict == "undecided"
    assert latency.reason == "int8 is unstable: p90 and p10 lie 70 % of the median apart, over 25 %"
    assert (size.verdict, size.reason) == ("pass", "")


def test_a_warm_up_that_never_settled_is_the_reason() -> None:
    found = [measured("int8", 1, stable=False, warm=False, spread=0.1)]
    check = only(check_budgets(recipe_with("max_latency_ms = 5.0"), FILES, found, []))
    assert check.verdict == "undecided"
    assert check.reason == "int8 is unstable: its warm-up did not settle"


def test_too_few_runs_for_an_interval_decide_nothing() -> None:
    found = [measured("int8", 1, interval=None)]
    check = only(check_budgets(recipe_with("max_latency_ms = 5.0"), FILES, found, []))
    assert (check.measured, check.verdict) == (1, "undecided")
    assert "runs are too few" in check.reason


def test_undecided_latency_ends_a_command_with_3_unless_something_fails() -> None:
    shaky = [measured("int8", 1, stable=False, spread=9.0)]
    machine = this_machine()

    def code(budget: str) -> ExitCode:
        checks = check_budgets(recipe_with(budget), FILES, shaky, [])
        result = BenchResult(
            machine=machine,
            budget_runtime="litert",
            budget_threads=1,
            results=tuple(shaky),
            budgets=checks,
        )
        return result.exit_code

    assert code("max_latency_ms = 5.0") is ExitCode.UNDECIDED
    assert code("max_latency_ms = 5.0\nmax_size_bytes = 1") is ExitCode.BUDGET_BROKEN
    assert code("max_size_bytes = 290") is ExitCode.ACCEPTED


def test_a_variant_that_does_not_run_fails_its_latency_budget() -> None:
    failure = Failure(variant="int8", runtime="litert", threads=1, reason="crashed")
    check = only(check_budgets(recipe_with("max_latency_ms = 9.0"), FILES, [], [failure]))
    assert (check.measured, check.verdict) == (None, "fail")


def test_memory_is_judged() -> None:
    recipe = recipe_with("max_peak_memory_bytes = 500")
    assert only(check_budgets(recipe, FILES, [measured("int8", 1)], [])).verdict == "fail"
    unknown = [measured("int8", 1, memory=None)]
    assert only(check_budgets(recipe, FILES, unknown, [])).verdict == "undecided"


def test_the_default_budget_holds_for_variants_without_their_own() -> None:
    text = BASE.replace("budgets.int8", "budgets.default") + "max_size_bytes = 500"
    checks = check_budgets(parse_recipe(text, Path("recipe.toml")), FILES, [], [])
    assert [(check.variant, check.verdict) for check in checks] == [
        ("fp32", "fail"),
        ("int8", "pass"),
    ]
