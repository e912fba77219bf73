"""Budgets on latency, size and memory: judged in one place, never kept without a measurement."""

from pathlib import Path

from edgetag.benchmarking.budgets import check_budgets
from edgetag.benchmarking.result import BudgetCheck, Failure, Latency, Measurement
from edgetag.conversion.result import ExportedVariant
from edgetag.recipe import Recipe, Variant, parse_recipe

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


def exported(variant: Variant, size_bytes: int) -> ExportedVariant:
    return ExportedVariant(
        variant=variant, file=f"export/{variant}.tflite", sha256="0", size_bytes=size_bytes,
        gzip_bytes=size_bytes, input_type="uint8", output_type="uint8", min_runtime_version="",
        operators={}, float_tensors=0, sparsity=0.0,
    )  # fmt: skip


def measured(
    variant: Variant, p50: float, runtime: str = "litert", memory: int | None = 1000
) -> Measurement:
    return Measurement(
        variant=variant, runtime=runtime, runtime_version="1", device="cpu", threads=1, runs=10,
        latency_ms=Latency(p50=p50, p90=2 * p50, p99=3 * p50), load_ms=1, peak_memory_bytes=memory,
        size_bytes=1, gzip_bytes=1,
    )  # fmt: skip


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
        measured("fp32", 10), measured("int8", 5),
        measured("fp32", 10, "tflite-runtime"), measured("int8", 80, "tflite-runtime"),
    ]  # fmt: skip
    check = only(check_budgets(recipe_with("max_latency_ratio = 0.6"), FILES, found, []))
    assert (check.measured, check.verdict) == (0.5, "pass")
    check = only(check_budgets(recipe_with("max_size_ratio = 0.28"), FILES, found, []))
    assert (check.measured, check.verdict) == (0.29, "fail")


def test_a_runtime_that_is_not_here_leaves_latency_undecided() -> None:
    found = [measured("int8", 5, "tflite-runtime")]
    check = only(check_budgets(recipe_with("max_latency_ms = 9.0"), FILES, found, []))
    assert (check.measured, check.verdict) == (None, "undecided")


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
