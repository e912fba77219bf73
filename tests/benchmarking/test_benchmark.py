"""The benchmark on real runtimes: complete numbers, clean processes, and files that misbehave."""

import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.benchmarking import stage
from edgetag.benchmarking.effort import effort
from edgetag.benchmarking.job import Job, Outcome, marker_text
from edgetag.benchmarking.measure import Crash, Plan, Times, measure, run_child
from edgetag.benchmarking.result import BenchResult
from edgetag.children import Launch, python_environment
from edgetag.errors import InputError
from edgetag.machine import Acceleration, cores
from edgetag.messages import to_line
from edgetag.pixels import Normalization
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import SilentProgress
from edgetag.recipe import Budget, Recipe
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_text
from tests.support.bad_loops import crashing_model
from tests.support.old_runtime import needs_tflite_runtime
from tests.support.paths import MODELS

FP32, INT8 = MODELS / "tiny_fp32.tflite", MODELS / "tiny_int8_uint8.tflite"
MakeRun = Callable[[dict[str, Path]], Workspace]


def job(model: Path, images: Path, marker: Path, **changes: Any) -> Job:
    made = Job(
        task="time",
        runtime="litert",
        threads=1,
        models=(str(model),),
        images=str(images),
        contract=Normalization(127.0, 128.0),
        warmup_runs=2,
        runs=5,
        seed=1,
        marker=str(marker),
    )
    return replace(made, **changes)


@pytest.fixture
def images(tmp_path: Path, pixels: Pixels) -> Path:
    path = tmp_path / "images.npy"
    np.save(path, pixels)
    return path


def plan(pixels: Pixels, runtime: str = "litert", runs: int = 20, limit_s: float = 60) -> Plan:
    return Plan(runtime, 1, Preprocessing(input_size=64), pixels, 3, runs, 1, limit_s)


@pytest.mark.parametrize(
    "runtime", ["litert", pytest.param("tflite-runtime", marks=needs_tflite_runtime)]
)
def test_a_runtime_is_timed_in_a_process_that_imports_neither_tensorflow_nor_another_runtime(
    runtime: str, images: Path, tmp_path: Path
) -> None:
    modules = tmp_path / "modules.txt"
    code = (
        "import sys; from edgetag.benchmarking.child import main\n"
        f"with open({str(modules)!r}, 'w') as file:\n"  # before it is confined
        " main(); file.write(' '.join(sys.modules))"
    )
    outcome = run_child(
        job(FP32, images, tmp_path / "marker", runtime=runtime),
        on_beat=lambda _share: None,
        launch=lambda path: Launch([sys.executable, "-c", code, path], python_environment()),
    )
    assert isinstance(outcome, Outcome)
    assert outcome.reasons == (None,)
    packages = {name.split(".")[0] for name in modules.read_text().split()}
    runtimes = {"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}
    assert packages & set(runtimes.values()) == {runtimes[runtime]}
    assert not packages & {"tensorflow", "keras", "tf_keras", "torch"}


@pytest.fixture(scope="module")
def bench(
    recipe: Recipe, make_run: MakeRun, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, BenchResult]:
    """Return a benchmark of two good files and, as fp16, one that crashes runtimes."""
    crashing = tmp_path_factory.mktemp("bad") / "crashing.tflite"
    crashing.write_bytes(crashing_model())
    workspace = make_run({"fp32": FP32, "fp16": crashing, "int8": INT8})
    return workspace, stage.run(recipe, workspace, SilentProgress())


@pytest.mark.slow
@needs_tflite_runtime
def test_every_good_file_is_measured_on_every_runtime(
    bench: tuple[Workspace, BenchResult],
) -> None:
    result = bench[1]
    assert {(found.variant, found.runtime) for found in result.results} == {
        (variant, runtime)
        for variant in ("fp32", "int8")
        for runtime in ("litert", "tflite-runtime")
    }
    for found in result.results:
        latency = found.latency_ms
        assert 0 < latency.p50 <= latency.p90 <= latency.p99
        assert found.runs == 30
        assert found.load_ms > 0
        assert found.peak_memory_bytes is not None
        assert 100_000 < found.peak_memory_bytes < 100_000_000
        assert found.device == result.machine.cpu
    sizes = {found.variant: found.size_bytes for found in result.results}
    assert sizes["int8"] == INT8.stat().st_size


@pytest.mark.slow
@needs_tflite_runtime
def test_a_file_that_crashes_every_runtime_is_a_failure_of_each_and_no_other_file_s(
    bench: tuple[Workspace, BenchResult],
) -> None:
    reasons = {failure.runtime: failure.reason for failure in bench[1].failures}
    assert set(reasons) == {"litert", "tflite-runtime"}
    assert all(failure.variant == "fp16" for failure in bench[1].failures)
    assert set(reasons.values()) == {"it crashed (SIGSEGV) while loading"}


@pytest.mark.slow
@needs_tflite_runtime
def test_what_is_written_is_what_is_returned(bench: tuple[Workspace, BenchResult]) -> None:
    workspace, result = bench
    written = (workspace.bench / "bench.json").read_text()
    assert BenchResult.from_json(written, "test") == result


@pytest.mark.slow
def test_each_row_says_which_accelerator_was_asked_for_what_ran_and_why(
    recipe: Recipe, make_run: MakeRun, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(FP32.read_bytes()[:200])
    workspace = make_run({"fp32": cut, "int8": INT8})
    section = recipe.benchmark.replace(runtimes=("litert-compiled",), reference=False, runs=10)
    asked = recipe.replace(benchmark=section)
    result = stage.run(asked, workspace, SilentProgress())
    (timed,), (failed,) = result.results, result.failures
    assert timed.accelerator == Acceleration(requested="cpu", used="cpu")
    assert failed.reason
    assert failed.sha256 == digest_file(cut)
    assert failed.accelerator == Acceleration(requested="cpu", used=None, reason=failed.reason)


def test_a_file_from_before_accelerators_were_recorded_is_read(
    bench: tuple[Workspace, BenchResult],
) -> None:
    written = json.loads(bench[1].to_json()) | {"schema": "edgetag.bench/1.4"}
    for row in (*written["results"], *written["failures"]):
        del row["accelerator"]
    read = BenchResult.from_json(json.dumps(written), "bench.json")
    assert {row.accelerator for row in read.results} == {None}
    assert {failure.accelerator for failure in read.failures} == {None}


@pytest.mark.slow
def test_files_that_are_no_model_have_reasons_and_the_others_are_measured(
    pixels: Pixels, tmp_path: Path
) -> None:
    contents = (b"", b"\x00" * 4096, b"TFL3" * 1000, random.Random(0).randbytes(4096))
    paths = []
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.tflite"
        path.write_bytes(content)
        paths.append(path)
    *bad, good = measure([*paths, FP32], plan(pixels), SilentProgress())
    for found in bad:
        assert isinstance(found, str)
        assert found
        assert "\n" not in found
    assert isinstance(good, Times)
    assert len(good.latencies_ms) == 20


def test_a_model_of_another_input_size_has_a_reason(pixels: Pixels) -> None:
    (found,) = measure([FP32], plan(pixels[:, :32, :32]), SilentProgress())
    assert found == ("the input's shape is [1, 64, 64, 3], but the recipe's is [1, 32, 32, 3]")


@pytest.mark.slow
def test_more_threads_are_measured_as_such(recipe: Recipe, make_run: MakeRun) -> None:
    benchmark = recipe.benchmark.replace(runtimes=("litert",), threads=(1, 2))
    workspace = make_run({"fp32": FP32})
    result = stage.run(recipe.replace(benchmark=benchmark), workspace, SilentProgress())
    assert [found.threads for found in result.results] == [1, min(2, cores())]


def test_more_threads_than_cores_are_left_out_and_decide_nothing(
    recipe: Recipe, make_run: MakeRun
) -> None:
    more = cores() + 1
    section = recipe.benchmark.replace(
        runtimes=("litert",), threads=(1, more), budget_threads=more, reference=False, runs=10
    )
    asked = recipe.replace(benchmark=section, budgets={"fp32": Budget(max_latency_ms=1000.0)})
    result = stage.run(asked, make_run({"fp32": FP32}), SilentProgress())
    assert [figure.threads for figure in result.results] == [1]
    (left_out,) = result.missing_runtimes
    assert (left_out.runtime, left_out.threads) == ("litert", more)
    assert "wait for each other" in left_out.reason
    (check,) = result.budgets
    assert (check.verdict, check.reason) == (
        "undecided",
        f"it was not measured on litert with {more} threads",
    )
    alone = asked.replace(benchmark=section.replace(threads=(more,)))
    with pytest.raises(
        InputError, match=r"benchmark\.threads: .* wait for each other.*; name a smaller"
    ):
        stage.run(alone, make_run({"fp32": FP32}), SilentProgress())
    with pytest.raises(InputError, match="wait for each other"):
        Plan.of(asked, "litert", more, np.zeros((1, 64, 64, 3), np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("reference", [True, False])
def test_the_float_model_under_tensorflow_is_left_out_where_nobody_asks_for_it(
    recipe: Recipe, make_run: MakeRun, reference: bool
) -> None:
    workspace = make_run({"fp32": MODELS / "tiny_fp32.tflite"})  # without weights to time
    section = recipe.benchmark.replace(runtimes=("litert",), reference=reference, runs=10)
    asked = recipe.replace(benchmark=section)
    result = stage.run(asked, workspace, SilentProgress())
    missing = [runtime.runtime for runtime in result.missing_runtimes]
    assert missing == (["TensorFlow"] if reference else [])
    for runtime in result.missing_runtimes:
        nothing = Acceleration(requested="gpu", used=None, reason=runtime.reason)
        assert runtime.accelerator == nothing


def test_full_mode_takes_what_mlperf_asks_for(recipe: Recipe) -> None:
    full, quick = effort(recipe.benchmark, True), effort(recipe.benchmark, False)
    assert (full.mode, full.runs, full.min_s) == ("full", 1024, 60.0)
    assert (quick.mode, quick.runs, quick.min_s) == ("quick", recipe.benchmark.runs, 0.0)
    many = recipe.benchmark.replace(runs=5000)
    assert effort(many, True).runs == 5000


@pytest.mark.slow
def test_runs_go_on_until_every_model_has_had_its_seconds_and_its_runs(
    images: Path, tmp_path: Path
) -> None:
    shares: list[float] = []
    both = job(FP32, images, tmp_path / "marker", models=(str(FP32), str(INT8)), min_s=0.2)
    outcome = run_child(both, shares.append)
    assert isinstance(outcome, Outcome)
    for found in outcome.latencies_ms:
        assert found is not None
        assert len(found) > both.runs
        assert sum(found) >= 200
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    outcome = run_child(job(FP32, images, tmp_path / "marker", runs=50, min_s=1e-6), shares.append)
    assert isinstance(outcome, Outcome)
    assert outcome.latencies_ms[0] is not None
    assert len(outcome.latencies_ms[0]) == 50


def test_a_file_that_changed_since_export_is_refused(recipe: Recipe, make_run: MakeRun) -> None:
    workspace = make_run({"fp32": FP32})
    with (workspace.export / "fp32.tflite").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x55")
    with pytest.raises(InputError, match="has changed"):
        stage.run(recipe, workspace, SilentProgress())


def test_a_file_outside_the_run_is_refused(recipe: Recipe, make_run: MakeRun) -> None:
    workspace = make_run({"fp32": FP32})
    path = workspace.export / "export.json"
    write_text(path, path.read_text().replace("export/fp32", "../../export/fp32"))
    with pytest.raises(InputError, match="outside the run"):
        stage.run(recipe, workspace, SilentProgress())


def test_nothing_exported_is_an_input_error(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="edgetag export"):
        stage.run(recipe, Workspace(tmp_path), SilentProgress())


def lines_of_python(code: str) -> Callable[[str], Launch]:
    """Start a child with the standard library alone, so that it is up long before a time limit."""
    return lambda path: Launch([sys.executable, "-S", "-c", code, path], dict(os.environ))


@pytest.mark.slow
def test_a_process_that_hangs_is_stopped_and_its_model_blamed(images: Path, tmp_path: Path) -> None:
    code = (
        "import json, sys, time; job = json.load(open(sys.argv[1]));"
        f"open(job['marker'], 'wb').write({marker_text('running', 3)!r}); time.sleep(60)"
    )
    given = job(FP32, images, tmp_path / "marker")
    crash = run_child(given, lambda _share: None, 5.0, lines_of_python(code))
    assert crash == Crash(3, "no answer for 5 s while running")


def test_a_process_that_crashes_before_it_begins_is_said_to_be_starting(
    images: Path, tmp_path: Path
) -> None:
    code = "import os, sys; sys.stderr.write('F0000 check failed'); sys.stderr.flush(); os.abort()"
    given = job(FP32, images, tmp_path / "marker")
    crash = run_child(given, lambda _share: None, 20, lines_of_python(code))
    assert crash == Crash(0, "it crashed (SIGABRT) while starting: F0000 check failed")


@pytest.mark.parametrize(
    ("code", "reason"),
    [("raise SystemExit(7)", "it ended with exit code 7"), ("", "it ended without an answer")],
)
def test_a_process_that_ends_unasked_is_a_crash_too(
    code: str, reason: str, images: Path, tmp_path: Path
) -> None:
    given = job(FP32, images, tmp_path / "marker")
    crash = run_child(given, lambda _share: None, 20, lines_of_python(code))
    assert crash == Crash(0, f"{reason} while starting")


def test_a_crash_after_the_outcome_takes_nothing_from_it(images: Path, tmp_path: Path) -> None:
    told = Outcome(reasons=(None,))
    line = to_line(told).encode() + b"\n"
    code = f"import os; os.write(1, {line!r}); os.abort()"
    given = job(FP32, images, tmp_path / "marker")
    assert run_child(given, lambda _share: None, 20, lines_of_python(code)) == told
