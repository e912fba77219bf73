"""A rescued file is held to each limit as the benchmark and the validation hold it."""

from itertools import product
from pathlib import Path

import pytest

from edgetag.benchmarking.budgets import check_budgets
from edgetag.benchmarking.result import Failure, Latency, Measurement, Ratio
from edgetag.conversion.result import ExportResult
from edgetag.dataset import open_dataset
from edgetag.judging.checks import ReasonedCheck
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.rescue.judge import Judge
from edgetag.rescue.result import RescueResult, Step
from edgetag.rescue.stage import run
from tests.support import made_results
from tests.support.rescue_run import RescueRun, explained, make_run
from tests.support.run_folders import INT8

QUIET = SilentProgress()
WIDE = "\n[budgets.int8]\nmax_map_drop = 0.9\n"
COSTS = """max_latency_ms = 5.0
max_latency_ratio = 0.6
max_size_bytes = 300
max_size_ratio = 0.28
max_peak_memory_bytes = 1000
"""


@pytest.fixture(scope="module")
def with_maps(tmp_path_factory: pytest.TempPathFactory) -> RescueRun:
    """A run whose int8 file has the second signature, and whose reference has heat maps."""
    folder = tmp_path_factory.mktemp("explained") / "run"
    return make_run(folder, explained(INT8), maps=True)


def only_step(result: RescueResult) -> Step:
    (step,) = result.steps
    return step


def of(step: Step, budget: str) -> ReasonedCheck:
    (check,) = [check for check in step.budgets if check.budget == budget]
    return check


@pytest.mark.slow
def test_an_unstable_latency_decides_nothing_of_a_rescued_file(with_maps: RescueRun) -> None:
    recipe = with_maps.with_recipe(WIDE + COSTS, benchmark="max_spread = 1e-9")
    result = run(recipe, with_maps.workspace, QUIET)
    step = only_step(result)
    check = of(step, "max_latency_ms")
    assert step.latency_ms is not None
    assert (check.measured, check.interval) == (step.latency_ms.p50, step.latency_ms.p50_interval)
    assert check.verdict == "undecided"
    assert check.reason.startswith("int8 is unstable")
    assert "Undecided: max_latency_ms (int8 is unstable" in result.outcome
    assert of(step, "max_peak_memory_bytes").verdict == "fail"
    assert not result.rescued
    written = with_maps.workspace.rescue / "int8-float.json"
    assert RescueResult.read(written, "rescue") == result


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "verdict"), [(0.00001, "fail"), (0.9, "pass")])
def test_heat_maps_of_a_rescued_file_are_held_to_their_limit(
    with_maps: RescueRun, limit: float, verdict: str
) -> None:
    more = f"{WIDE}max_heat_map_error = {limit}\n"
    recipe = with_maps.with_recipe(more, export='explain = ["int8"]')
    result = run(recipe, with_maps.workspace, QUIET)
    step = only_step(result)
    check = of(step, "max_heat_map_error")
    assert (check.verdict, step.verdict, step.accuracy) == (verdict, verdict, "pass")
    assert check.interval is not None
    assert result.rescued == (verdict == "pass")


@pytest.mark.slow
def test_a_file_without_heat_maps_is_undecided_where_they_are_limited(tmp_path: Path) -> None:
    plain = make_run(tmp_path / "run", INT8.read_bytes(), maps=True)
    more = f"{WIDE}max_heat_map_error = 0.9\n"
    recipe = plain.with_recipe(more, export='explain = ["int8"]')
    step = only_step(run(recipe, plain.workspace, QUIET))
    assert of(step, "max_heat_map_error").verdict == step.verdict == "undecided"


def figure(variant: str, p50: float, **more: object) -> Measurement:
    latency = Latency(p50=p50, p90=p50, p99=p50, p50_interval=(0.9 * p50, 1.1 * p50))
    changes = {"latency_ms": latency, "peak_memory_bytes": 900, "runs": 10} | more
    return made_results.measured(variant, "litert", p50).replace(**changes)


def both(
    judge: Judge,
    recipe: Recipe,
    exported: ExportResult,
    figures: list[Measurement],
    failures: list[Failure],
) -> tuple[list[ReasonedCheck], list[ReasonedCheck]]:
    """Return what rescue and the benchmark say of the same figures of int8."""
    sizes = {file.variant: file.size_bytes for file in exported.variants}
    rescued = judge.costs(sizes["int8"], sizes["fp32"], figures, failures)
    of_bench = check_budgets(recipe, exported.variants, figures, failures)
    plain = [
        ReasonedCheck(**check.model_dump(exclude={"variant"}))
        for check in of_bench
        if check.variant == "int8"
    ]
    return list(rescued), plain


@pytest.mark.slow
def test_rescue_and_the_benchmark_judge_the_same_figures_alike(with_maps: RescueRun) -> None:
    recipe = with_maps.with_recipe(WIDE + COSTS)
    workspace = with_maps.workspace
    exported = ExportResult.read(workspace.export / "export.json", "export")
    judge = Judge(recipe, workspace, open_dataset(workspace), "int8", QUIET)
    crashed = Failure(variant="int8", runtime="litert", threads=1, reason="crashed")
    seen = set()
    for p50, bounds, stable in product((4, 5, 6), ((0.3, 0.5), (0.5, 0.7), None), (True, False)):
        figures = [
            figure("fp32", 10.0),
            figure(
                "int8",
                p50,
                stable=stable,
                spread=0.1,
                warm=stable,
                ratio=Ratio(p50=0.5, interval=bounds),
            ),
        ]
        for measured, failures in ((figures, []), (figures[:1], [crashed]), (figures[:1], [])):
            rescued, benched = both(judge, recipe, exported, measured, failures)
            assert [check.budget for check in rescued] == COSTS.replace(" = ", "\n").split()[::2]
            for mine, its in zip(rescued, benched, strict=True):
                advice = "; edgetag bench --full makes it narrower"
                assert mine == its.replace(reason=its.reason.removesuffix(advice))
                seen.add((mine.budget, mine.verdict))
    assert {("max_latency_ms", v) for v in ("pass", "fail", "undecided")} <= seen
    assert {("max_latency_ratio", v) for v in ("pass", "fail", "undecided")} <= seen
