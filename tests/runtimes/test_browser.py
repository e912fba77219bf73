"""LiteRT.js in Chromium: scores and failures like the others', and no browser left behind."""

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from edgetag.errors import InputError
from edgetag.machine import Acceleration
from edgetag.preprocess import Preprocessing
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.browser import Browser, BrowserWebGpu
from edgetag.runtimes.browser.session import told_by_adapter
from edgetag.runtimes.npm import NpmEngine
from edgetag.runtimes.scoring import WORKER
from tests.support.bad_loops import endless_model
from tests.support.paths import MODELS
from tests.support.processes import descendants, runs
from tests.support.worker_jobs import write_job

CONTRACT = Preprocessing(input_size=64)
LITERT = engines.get("litert")


def test_without_chromium_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = Browser(tmp_path).available()
    assert reason is not None
    assert reason.startswith("there is no Chromium; install Chromium or Chrome (Debian: apt inst")
    assert reason.endswith("then run: edgetag target setup browser")


def test_shaders_are_fetched_with_what_the_browser_needs(tmp_path: Path) -> None:
    assert BrowserWebGpu(tmp_path).place == Browser(tmp_path).place
    assert BrowserWebGpu().program() == f"{Browser().program()}, SwiftShader"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "file", "tolerance"),
    [
        (Browser, "tiny_fp32", 1e-5),
        (Browser, "tiny_int8_uint8", 0.0),
        (BrowserWebGpu, "tiny_fp32", 1e-4),
    ],
)
def test_scores_in_a_browser_agree_with_litert_picture_after_picture(
    engine: type[NpmEngine], file: str, tolerance: float, browser_cache: Path, cache_folder: Path
) -> None:
    """A picture that comes again gets its scores again: a runtime can be right only at first."""
    rows = np.array([39, 0, 17, 16, 16, *range(40)])
    model = MODELS / f"{file}.tflite"
    here = score(LITERT, model, cache_folder, rows, CONTRACT)
    there = score(engine(browser_cache), model, cache_folder, rows, CONTRACT)
    assert isinstance(here, ScoreRun), here
    assert isinstance(there, ScoreRun), there
    assert there.scores.shape == (45, 3)
    assert np.ptp(there.scores) > 0.5
    assert np.abs(there.scores - here.scores).max() <= tolerance
    assert np.array_equal(there.scores[:5], there.scores[5:][[39, 0, 17, 16, 16]])
    ran: dict[type[NpmEngine], Acceleration] = {
        Browser: Acceleration(requested="cpu", used="cpu"),
        BrowserWebGpu: Acceleration(
            requested="gpu",
            used="cpu",
            reason="the browser's WebGPU is software on the processor: google swiftshader",
        ),
    }
    assert engines.acceleration(engine.name, there) == ran[engine]


def test_a_gpu_is_said_to_run_shaders_only_where_the_browser_names_one() -> None:
    software = {"vendor": "google", "architecture": "swiftshader", "description": ""}
    assert told_by_adapter({**software, "isFallbackAdapter": True}).used == "cpu"
    assert told_by_adapter(software).used == "cpu", "older browsers tell the name alone"
    named = {"vendor": "nvidia", "architecture": "hopper", "description": ""}
    gpu = told_by_adapter({**named, "isFallbackAdapter": False})
    assert (gpu.used, gpu.why) == ("gpu", "")
    assert told_by_adapter({**named, "isFallbackAdapter": True}).used == "cpu"
    for nothing in (None, {"vendor": "", "architecture": "", "description": ""}):
        assert told_by_adapter(nothing).used is None, "nothing is made up"


@pytest.mark.slow
def test_a_file_that_litert_js_refuses_is_told_in_one_line(
    browser_cache: Path, cache_folder: Path, tmp_path: Path
) -> None:
    whole = (MODELS / "tiny_fp32.tflite").read_bytes()
    (tmp_path / "model.tflite").write_bytes(whole[:2000])
    engine, rows = Browser(browser_cache), np.array([0])
    damaged = score(engine, tmp_path / "model.tflite", cache_folder, rows, CONTRACT)
    assert isinstance(damaged, LoadFailure)
    assert damaged.kind in (FailureKind.NOT_LOADABLE, FailureKind.CRASHED)
    assert damaged.reason
    assert "\n" not in damaged.reason
    sixteen = score(engine, MODELS / "tiny_int16x8.tflite", cache_folder, rows, CONTRACT)
    assert isinstance(sixteen, LoadFailure)
    assert sixteen.reason.endswith("which LiteRT.js takes no arrays of")


@pytest.mark.slow
def test_a_browser_that_does_not_start_is_no_fault_of_the_file(
    browser_cache: Path, cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is in containers without root, where Chromium has no sandbox."""
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho 'No usable sandbox!' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    engine, rows = Browser(browser_cache), np.array([0])
    with pytest.raises(InputError, match=f"{program}: the browser has ended; try it by itself"):
        score(engine, MODELS / "tiny_fp32.tflite", cache_folder, rows, CONTRACT)


@pytest.mark.slow
def test_an_inference_without_an_end_in_a_browser_is_a_time_out(
    browser_cache: Path, cache_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.tflite").write_bytes(endless_model())
    engine, rows = Browser(browser_cache), np.array([0])
    model, before = tmp_path / "model.tflite", descendants(os.getpid())
    failure = score(engine, model, cache_folder, rows, CONTRACT, timeout_s=15.0)
    assert failure == LoadFailure(FailureKind.TIMED_OUT, "no answer for 15 s while running it")
    wait_for_end(set(descendants(os.getpid())) - set(before))


@pytest.mark.slow
def test_no_browser_outlives_a_process_that_is_killed(
    browser_cache: Path, cache_folder: Path, tmp_path: Path
) -> None:
    rows = np.zeros(1_000_000, dtype=np.int64)
    job = write_job(tmp_path, cache_folder, rows, "tiny_fp32.tflite", "browser")
    launch = Browser(browser_cache).launch(WORKER, str(job))
    with subprocess.Popen(
        launch.command, stdout=subprocess.PIPE, env=launch.environment
    ) as process:
        assert process.stdout is not None
        assert b"loaded" in process.stdout.readline()
        browser = descendants(process.pid)
        assert len(browser) > 2
        process.kill()
    wait_for_end(browser)


def wait_for_end(processes: Iterable[int]) -> None:
    """Wait until none of these runs; the test's own timeout ends what never does."""
    while any(map(runs, processes)):
        time.sleep(0.1)
