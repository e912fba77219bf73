"""What an earlier benchmark says of the files of now."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgetag.benchmarking.compare import read_benchmark
from edgetag.benchmarking.current import read_current
from edgetag.benchmarking.result import BenchResult, Failure
from edgetag.conversion.result import ExportResult
from edgetag.errors import ExitCode, InputError
from edgetag.recipe import parse_recipe
from edgetag.reporting.sources import Sources
from edgetag.workspace import Workspace
from tests.support.made_results import RECIPE, RECIPE_FILE, make_sources
from tests.support.written_reports import report_on


@pytest.mark.slow
def test_figures_of_a_former_file_stand_beside_no_other_one(tmp_path: Path) -> None:
    sources = make_sources(latency_ratio=0.9)  # too slow, as the file was
    assert sources.exported is not None
    again = tuple(
        file.replace(sha256="ee" * 32) if file.variant == "int8" else file
        for file in sources.exported.variants
    )
    exported = sources.exported.replace(variants=again)
    result, text = report_on(replace(sources, exported=exported), tmp_path)
    timed = {row.variant for row in result.variants if row.speed}
    assert timed == {"fp32", "dynamic"}
    assert result.verdict == "pass"
    assert "int8: max_latency_ratio not judged: there is no benchmark of this file" in text


@pytest.mark.slow
def test_a_benchmark_is_held_to_the_limits_of_now(tmp_path: Path) -> None:
    sources = make_sources(latency_ratio=0.5)
    assert report_on(sources, tmp_path / "before")[0].verdict == "pass"
    strict = RECIPE.replace("max_latency_ratio = 0.6", "max_latency_ratio = 0.4")
    result, text = report_on(
        replace(sources, recipe=parse_recipe(strict, RECIPE_FILE)), tmp_path / "now"
    )
    assert result.verdict == "fail"
    assert "max_latency_ratio is 0.500 [0.500, 0.500], limit 0.400" in text


@pytest.mark.slow
def test_where_every_file_is_another_one_there_is_no_benchmark(tmp_path: Path) -> None:
    sources = make_sources()
    assert sources.exported is not None
    again = tuple(file.replace(sha256="ee" * 32) for file in sources.exported.variants)
    exported = sources.exported.replace(variants=again)
    _, text = report_on(replace(sources, exported=exported), tmp_path)
    assert "There is no benchmark, so speed and memory are not shown." in text


def current(sources: Sources, root: Path, made: ExportResult | None) -> BenchResult | None:
    """Read the benchmark of a run that has exported these files since."""
    workspace = Workspace(root)
    if sources.bench is not None:
        sources.bench.write(workspace.bench / "bench.json")
    if made is not None:
        made.write(workspace.export / "export.json")
    return read_current(sources.recipe, workspace)


def made_anew(sources: Sources, *variants: str) -> ExportResult:
    assert sources.exported is not None
    files = tuple(
        file.replace(sha256="ee" * 32) if file.variant in variants else file
        for file in sources.exported.variants
    )
    return sources.exported.replace(variants=files)


def test_without_a_benchmark_there_is_none_and_without_files_it_stands_as_it_is(
    tmp_path: Path,
) -> None:
    sources = make_sources()
    without = replace(sources, bench=None)
    assert current(without, tmp_path / "none", sources.exported) is None
    assert current(sources, tmp_path / "no-files", None) == sources.bench
    assert current(without, tmp_path / "neither", None) is None


def test_figures_failures_and_limits_of_a_file_go_with_it_and_the_others_stay(
    tmp_path: Path,
) -> None:
    sources = make_sources(latency_ratio=0.9)
    assert sources.bench is not None
    as_before = current(sources, tmp_path / "before", made_anew(sources))
    assert as_before is not None
    assert (as_before.results, as_before.failures) == (
        sources.bench.results,
        sources.bench.failures,
    )
    assert {check.variant for check in as_before.budgets} == {"int8"}
    assert as_before.exit_code == ExitCode.BUDGET_BROKEN
    another_int8 = current(sources, tmp_path / "int8", made_anew(sources, "int8"))
    assert another_int8 is not None
    assert {figure.variant for figure in another_int8.results} == {"fp32", "dynamic"}
    assert another_int8.failures == sources.bench.failures
    assert another_int8.budgets == ()
    another_dynamic = current(sources, tmp_path / "dynamic", made_anew(sources, "dynamic"))
    assert another_dynamic is not None
    assert {figure.variant for figure in another_dynamic.results} == {"fp32", "int8"}
    assert another_dynamic.failures == ()


def test_a_benchmark_is_read_on_the_runtime_and_threads_that_limits_are_judged_by_now(
    tmp_path: Path,
) -> None:
    sources = make_sources()
    section = sources.recipe.benchmark.replace(budget_runtime="tflite-runtime", budget_threads=2)
    recipe = sources.recipe.replace(benchmark=section)
    now = current(replace(sources, recipe=recipe), tmp_path, sources.exported)
    assert now is not None
    assert (now.budget_runtime, now.budget_threads) == ("tflite-runtime", 2)
    (ratio,) = [check for check in now.budgets if check.budget == "max_latency_ratio"]
    assert (ratio.measured, ratio.verdict) == (None, "undecided")


def test_a_run_is_not_compared_by_figures_of_a_former_file(tmp_path: Path) -> None:
    sources = make_sources()
    current(sources, tmp_path, sources.exported)
    assert read_benchmark(tmp_path) == sources.bench
    current(sources, tmp_path, made_anew(sources, "int8"))
    with pytest.raises(InputError, match=r"int8 was exported anew since.*run: edgetag bench"):
        read_benchmark(tmp_path)
    assert read_benchmark(tmp_path / "bench" / "bench.json") == sources.bench


@pytest.mark.parametrize(("max_spread", "is_stable"), [(0.2, False), (0.4, True)])
def test_a_figure_is_as_stable_as_the_spread_that_is_allowed_now(
    max_spread: float, is_stable: bool, tmp_path: Path
) -> None:
    sources = make_sources()
    assert sources.bench is not None
    figures = tuple(
        figure.replace(spread=0.3, stable=not is_stable) for figure in sources.bench.results
    )
    bench = sources.bench.replace(results=figures)
    section = sources.recipe.benchmark.replace(max_spread=max_spread)
    recipe = sources.recipe.replace(benchmark=section)
    now = current(replace(sources, bench=bench, recipe=recipe), tmp_path, sources.exported)
    assert now is not None
    assert {figure.stable for figure in now.results} == {is_stable}


@pytest.mark.parametrize(
    ("sha256", "stays"), [("ab" * 32, False), ("ee" * 32, True), ("", True)]
)  # the last one is of a file before schema 1.7
def test_a_file_that_ran_nowhere_breaks_no_limit_after_it_was_made_anew(
    sha256: str, stays: bool, tmp_path: Path
) -> None:
    sources = make_sources()
    assert sources.bench is not None
    failure = Failure(variant="int8", runtime="litert", threads=1, reason="no op", sha256=sha256)
    figures = tuple(figure for figure in sources.bench.results if figure.variant != "int8")
    bench = sources.bench.replace(results=figures, failures=(failure,))
    now = current(replace(sources, bench=bench), tmp_path, made_anew(sources, "int8"))
    assert now is not None
    assert now.failures == ((failure,) if stays else ())
    told = {check.budget: check.verdict for check in now.budgets}
    assert told.get("max_latency_ratio") == ("fail" if stays else None)
