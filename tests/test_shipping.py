"""Which files an app gets."""

from pathlib import Path

import pytest

from edgetag.benchmarking.result import BenchResult, BudgetCheck, Latency
from edgetag.conversion.result import ExportResult
from edgetag.judging.decisions import Decision
from edgetag.recipe import Recipe, Variant, parse_recipe
from edgetag.shipping import Shipping, choose, decide, read_shipping
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace
from tests.support.made_results import MACHINE, exported, make_verdict, measured, scored

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
        results.append(found.replace(latency_ms=latency, sha256=SHA))
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
    other = tuple(one.replace(sha256="cd" * 32) for one in old.results)
    stale = old.replace(results=other)
    assert choose(recipe(), found, stale).variants == ("int8",)


def test_each_file_s_time_is_that_of_its_own_bytes() -> None:
    both, timed = verdict(fp32="pass", int8="pass"), bench(fp32=1.0, int8=2.0)
    shas = {"fp32": "cd" * 32, "int8": SHA}
    entries = tuple(entry.replace(sha256=shas[entry.variant]) for entry in both.variants)
    judged = both.replace(variants=entries)
    # The time of `fp32` is of another file than was judged, though int8 has such bytes.
    assert choose(recipe(), judged, timed).variants == ("int8",)
    results = tuple(result.replace(sha256=shas[result.variant]) for result in timed.results)
    now = timed.replace(results=results)
    assert choose(recipe(), judged, now).variants == ("fp32",)


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


def with_latencies(**latencies: Latency) -> BenchResult:
    """Return a benchmark of such latencies."""
    made = bench((), **dict.fromkeys(latencies, 1.0))
    results = tuple(result.replace(latency_ms=latencies[result.variant]) for result in made.results)
    return made.replace(results=results)


def latency(p50: float, interval: tuple[float, float] | None) -> Latency:
    return Latency(p50=p50, p90=p50, p99=p50, p50_interval=interval)


@pytest.mark.parametrize(
    ("fp16", "int8", "ships"),
    [
        (latency(1.25, (1.125, 1.375)), latency(1.0, (0.875, 1.125)), "fp16"),  # they touch
        (latency(1.25, (1.25, 1.375)), latency(1.0, (0.875, 1.125)), "int8"),
        (latency(1.125, None), latency(1.0, (0.875, 1.125)), "fp16"),
        (latency(1.25, None), latency(1.0, (0.875, 1.125)), "int8"),
        (latency(1.25, (1.0, 1.5)), latency(1.0, None), "fp16"),
        (latency(1.25, (1.125, 1.5)), latency(1.0, None), "int8"),
    ],
)
def test_files_are_as_fast_where_intervals_of_their_medians_meet(
    fp16: Latency, int8: Latency, ships: str
) -> None:
    both = verdict(fp16="pass", int8="pass")
    chosen = choose(recipe(), both, with_latencies(fp16=fp16, int8=int8))
    assert chosen.variants == (ships,)


def test_of_full_integer_files_that_nobody_timed_the_smallest_ships() -> None:
    # int8-qat of made_results is 2.5 MB, int8 3.99 MB
    assert choose(recipe(), verdict(int8="pass", int8_qat="pass")).variants == ("int8-qat",)


def test_a_variant_s_decision_is_the_worst_of_its_own() -> None:
    checks = [
        BudgetCheck(variant=name, budget="max_latency_ms", limit=1, measured=1, verdict=decision)
        for name, decision in (("int8", "undecided"), ("fp16", "fail"))
    ]
    both, timed = verdict(int8="pass", fp16="pass"), bench(tuple(checks))
    assert decide("int8", both) == "pass"
    assert decide("int8", both, timed) == "undecided"
    assert decide("fp16", both, timed) == "fail"
    assert decide("int8", verdict(int8="fail"), timed) == "fail"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "run")


def test_a_run_folder_ships_by_what_lies_in_it(workspace: Workspace) -> None:
    judged = verdict(fp32="pass", int8="pass")
    judged.write(workspace.validate / "verdict.json")
    assert read_shipping(recipe(), workspace) == Shipping(("int8",), "int8")
    bench(fp32=1.0, int8=2.0).write(workspace.bench / "bench.json")
    assert read_shipping(recipe(), workspace) == Shipping(("fp32",), "fp32")


def test_named_files_ship_from_a_run_folder_that_was_not_validated(workspace: Workspace) -> None:
    named = recipe('[bundle]\nvariants = ["fp16", "int8"]\n')
    assert read_shipping(named, workspace) == Shipping(("fp16", "int8"), "fp16")


def test_before_a_validation_nothing_ships_and_integers_are_looked_at_first(
    workspace: Workspace,
) -> None:
    listed = recipe('[export]\nvariants = ["fp32", "fp16", "int8"]\n')
    assert read_shipping(listed, workspace) == Shipping((), "int8")
    made = tuple(exported(name, 1) for name in EXPORTED)
    ExportResult(variants=made).write(workspace.export / "export.json")
    assert read_shipping(listed, workspace) == Shipping((), "int8-qat")
    made = tuple(exported(name, 1) for name in EXPORTED[:2])
    ExportResult(variants=made).write(workspace.export / "export.json")
    assert read_shipping(listed, workspace) == Shipping((), "fp32")


EXPORTED: tuple[Variant, ...] = ("fp32", "fp16", "int8-qat", "int8")
