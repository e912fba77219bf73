"""Which files an app gets."""

from pathlib import Path

import pytest

from edgetag.benchmarking.result import BenchResult, BudgetCheck, Latency
from edgetag.judging.decisions import Decision
from edgetag.recipe import Recipe, Variant, parse_recipe
from edgetag.shipping import Shipping, choose
from edgetag.validation.result import Verdict
from tests.support.made_results import MACHINE, make_verdict, measured, scored

SHA = "ab" * 32
"""Of the files of `made_results.scored`."""


def recipe(more: str = "") -> Recipe:
    text = f'name = "x"\n[data]\nsource = "l.csv"\ntags = ["cat"]\n{more}'
    return parse_recipe(text, Path("/folder/recipe.toml"))


def verdict(**decisions: Decision) -> Verdict:
    named = {name.replace("_", "-"): found for name, found in decisions.items()}
    return make_verdict(tuple(scored(name, "litert", "test", 0.0) for name in named), (), named)


def bench(budgets: tuple[BudgetCheck, ...] = (), **p50_ms: float) -> BenchResult:
    """Return a benchmark whose medians are known to 2 %."""
    results = []
    for name, p50 in p50_ms.items():
        variant: Variant = name.replace("_", "-")
        latency = Latency(p50=p50, p90=p50, p99=p50, p50_interval=(p50 * 0.98, p50 * 1.02))
        found = measured(variant, "litert", p50)
        results.append(found.model_copy(update={"latency_ms": latency, "sha256": SHA}))
    return BenchResult(
        machine=MACHINE,
        budget_runtime="litert",
        budget_threads=1,
        results=tuple(results),
        budgets=budgets,
    )


def test_files_that_the_recipe_names_ship_whatever_the_verdict() -> None:
    named = recipe('[bundle]\nvariants = ["int8", "fp16"]\n')
    assert choose(named, verdict(fp32="pass", int8="fail")) == Shipping(("int8", "fp16"), "int8")


def test_the_fastest_of_those_that_pass_ships() -> None:
    found = verdict(fp32="pass", fp16="pass", int8="pass")
    assert choose(recipe(), found, bench(fp32=2.3, fp16=2.3, int8=1.0)).variants == ("int8",)
    found = verdict(fp32="pass", fp16="pass", int8="fail")
    assert choose(recipe(), found, bench(fp32=2.3, fp16=2.31, int8=1.0)).variants == ("fp16",)


def test_of_files_that_are_as_fast_the_smallest_ships() -> None:
    # fp16 of made_results is 2.5 MB, int8 3.99 MB
    found = verdict(fp16="pass", int8="pass")
    assert choose(recipe(), found, bench(fp16=1.03, int8=1.0)).variants == ("fp16",)
    assert choose(recipe(), found, bench(fp16=1.05, int8=1.0)).variants == ("int8",)


def test_without_a_benchmark_of_these_files_a_full_integer_one_comes_first() -> None:
    found = verdict(fp32="pass", fp16="pass", int8="pass")
    assert choose(recipe(), found).variants == ("int8",)
    old = bench(fp32=1.0, int8=2.0)
    other = tuple(one.model_copy(update={"sha256": "cd" * 32}) for one in old.results)
    stale = old.model_copy(update={"results": other})
    assert choose(recipe(), found, stale).variants == ("int8",)


def test_a_file_that_is_too_slow_does_not_ship() -> None:
    slow = BudgetCheck(
        variant="int8", budget="max_latency_ms", limit=0.5, measured=1.0, verdict="fail"
    )
    found = verdict(fp32="pass", fp16="pass", int8="pass")
    assert choose(recipe(), found, bench((slow,), fp16=2.3, int8=1.0)).variants == ("fp16",)


@pytest.mark.parametrize("decision", ["fail", "undecided", "not judged"])
def test_nothing_ships_where_nothing_passes(decision: Decision) -> None:
    found = verdict(fp32=decision, int8=decision)
    assert choose(recipe(), found).variants == ()


def test_what_comes_nearest_is_looked_at_first() -> None:
    found = verdict(fp32="fail", int8="fail", int8_qat="undecided")
    assert choose(recipe(), found).leading == "int8-qat"


def test_a_verdict_on_given_files_alone_is_about_them() -> None:
    assert choose(recipe(), verdict(theirs="pass")) == Shipping((), "theirs")
