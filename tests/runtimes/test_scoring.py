"""The scoring process, as it really runs."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from edgetag.children import python_command, python_environment
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.process import JobCancelledError
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.encoding import encode, encoding_table
from tests.support.inference import scores_of
from tests.support.listening import Counter
from tests.support.paths import MODELS
from tests.support.programs import captured
from tests.support.worker_jobs import write_job

LITERT = engines.get("litert")


def run(
    model: Path, cache: Path, contract: Preprocessing, rows: list[int], timeout_s: float = 60.0
) -> ScoreRun | LoadFailure:
    wanted = np.array(rows, dtype=np.int64)
    return score(LITERT, model, cache, wanted, contract, 1, Counter(), timeout_s)


def test_scores_come_in_the_order_of_the_rows_from_any_folder(
    cache_folder: Path,
    contract: Preprocessing,
    pixels: Pixels,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a file of the user was imported')")
    monkeypatch.chdir(tmp_path)
    rows = np.array([39, 0, 17, 16], dtype=np.int64)
    counter = Counter()
    model = MODELS / "tiny_fp32.tflite"
    outcome = score(LITERT, model, cache_folder, rows, contract, 1, counter, 60.0)
    assert isinstance(outcome, ScoreRun), outcome
    session = engines.loader("litert").load(model, threads=1)
    table = encoding_table(contract, session.input)
    expected = np.stack([scores_of(session, encode(pixels[i : i + 1], table)) for i in rows])
    assert np.array_equal(outcome.scores, expected)
    assert counter.done == 4
    assert outcome.images_per_s > 0


@pytest.mark.slow
def test_the_process_never_imports_tensorflow(cache_folder: Path, tmp_path: Path) -> None:
    for engine in engines.ENGINES:
        if engine.available() is not None:
            continue
        job = write_job(tmp_path, cache_folder, np.arange(4), engine=engine.name)
        script = (
            "import sys; from edgetag.runtimes import worker; worker.main();"
            "assert not [m for m in sys.modules if m.split('.')[0] in ('tensorflow', 'tf_keras')]"
        )
        command = [sys.executable, "-c", script, str(job)]
        done = captured(command, env=python_environment())
        assert done.returncode == 0, done.stderr
        assert '"event": "done"' in done.stdout.splitlines()[-1]


def test_a_model_for_another_size_is_refused(cache_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    text = (cache_folder / "index.json").read_text().replace('"input_size": 64', '"input_size": 96')
    (folder / "index.json").write_text(text)
    outcome = run(MODELS / "tiny_fp32.tflite", folder, Preprocessing(input_size=96), [0])
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind is FailureKind.NOT_LOADABLE
    assert "takes images of 64x64, but the image cache has 96x96" in outcome.reason


def test_a_damaged_cache_is_the_users_error_not_the_models(
    cache_folder: Path, contract: Preprocessing, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "index.json").write_text((cache_folder / "index.json").read_text())
    (folder / "shard-00000.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=r"shard-00000\.npy: damaged image cache"):
        run(MODELS / "tiny_fp32.tflite", folder, contract, [0])


def test_silence_is_a_time_out(cache_folder: Path, contract: Preprocessing) -> None:
    outcome = run(MODELS / "tiny_fp32.tflite", cache_folder, contract, [0], timeout_s=0.01)
    assert isinstance(outcome, LoadFailure)
    assert outcome.kind is FailureKind.TIMED_OUT
    assert "no answer for 0.01 s while loading it" in outcome.reason


@pytest.mark.slow
def test_cancelling_ends_the_process_at_once(cache_folder: Path, contract: Preprocessing) -> None:
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    rows = np.zeros(20_000_000, dtype=np.int64)  # hours of work
    with pytest.raises(JobCancelledError):
        score(
            LITERT,
            MODELS / "tiny_fp32.tflite",
            cache_folder,
            rows,
            contract,
            1,
            Counter(),
            60.0,
            cancelled,
        )


@pytest.mark.slow
def test_a_worker_whose_parent_died_ends_by_itself(cache_folder: Path, tmp_path: Path) -> None:
    rows = np.zeros(5_000_000, dtype=np.int64)
    job = write_job(tmp_path, cache_folder, rows, "tiny_fp32.tflite")
    process = subprocess.Popen(
        python_command("edgetag.runtimes.worker", str(job)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=python_environment(),
    )
    assert process.stdout is not None
    assert b"loaded" in process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=100) == 1
    assert not (tmp_path / "scores.npy").exists()


def test_the_process_finds_this_edgetag() -> None:
    code = "import edgetag; print(edgetag.__file__)"
    command = [sys.executable, "-P", "-c", code]
    found = subprocess.check_output(command, env=python_environment(), cwd="/", text=True).strip()
    import edgetag

    assert Path(found).samefile(str(edgetag.__file__))
    assert os.environ.get("PYTHONPATH") != ""
