"""Python files in the folder where edgetag is started are the user's: no process imports them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.benchmarking.job import Job as TimingJob
from edgetag.benchmarking.job import Outcome
from edgetag.benchmarking.measure import run_child
from edgetag.children import python_command, python_environment
from edgetag.dependencies import DISTRIBUTIONS, PACKAGE
from edgetag.explaining.blame import Images, blame
from edgetag.pixels import Normalization
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import ScoreRun, engines, score
from tests.support.paths import MODELS
from tests.support.programs import captured
from tests.support.run_folders import write_cache

CONTRACT = Preprocessing(input_size=64)
EDGETAG = Path(sys.executable).with_name("edgetag")
TRAP = """
import os
file = os.open({log!r}, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
os.write(file, {name!r}.encode() + b" ")
raise ImportError("a file of the user's")
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the traps write who was caught."""
    return tmp_path / "caught"


@pytest.fixture
def folder(tmp_path: Path, log: Path) -> Path:
    """A folder with a file by the name of every module that a process may import."""
    folder = tmp_path / "my pictures"
    folder.mkdir()
    names = {*sys.stdlib_module_names, *DISTRIBUTIONS, "pydantic", "rich", "typer", "edgetag"}
    for name in names - {"os"}:
        (folder / f"{name}.py").write_text(TRAP.format(log=str(log), name=name))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    write_cache(tmp_path / "cache", pixels)
    return tmp_path / "cache"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return captured([EDGETAG, *arguments], cwd=folder)


def test_the_traps_catch_a_python_that_looks_where_it_is_started(folder: Path, log: Path) -> None:
    command = [sys.executable, "-c", "import json"]
    assert subprocess.run(command, cwd=folder, capture_output=True).returncode != 0
    assert log.read_text().split()


@pytest.mark.slow
def test_the_doctor_finds_every_runtime(folder: Path, log: Path) -> None:
    done = run(folder, "doctor", "--json")
    assert not log.exists(), log.read_text()
    found = {part["name"]: part["state"] for part in json.loads(done.stdout)["runtimes"]}
    assert found == {
        engine.name: "missing" if engine.available() else "ok" for engine in engines.ENGINES
    }


@pytest.mark.slow
def test_data_are_built_by_workers(folder: Path, log: Path) -> None:
    for number in range(140):
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((32, 32)).save(folder / f"{number}.png")
    rows = "".join(f"{number}.png,{number % 2}\n" for number in range(140))
    (folder / "labels.csv").write_text(f"path,cat\n{rows}")
    (folder / "recipe.toml").write_text(
        'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["cat"]\n[network]\ninput_size = 64\n'
    )
    done = run(folder, "data", "build", "recipe.toml")
    assert not log.exists(), log.read_text()
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("engine", [e.name for e in engines.ENGINES if not e.available()])
def test_files_are_scored_and_timed(
    engine: str,
    folder: Path,
    log: Path,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    model = MODELS / "tiny_fp32.tflite"
    with SilentProgress().track("scoring", 6) as task:
        scored = score(engines.get(engine), model, cache, np.arange(6), CONTRACT, 1, task, 60.0)
    assert isinstance(scored, ScoreRun), scored
    job = TimingJob(
        task="time",
        runtime=engine,
        threads=1,
        models=(str(model),),
        contract=Normalization.of(CONTRACT),
        images=str(cache / "shard-00000.npy"),
        warmup_runs=1,
        runs=2,
        seed=1,
        marker=str(tmp_path / "marker"),
    )
    timed = run_child(job, lambda _share: None)
    assert isinstance(timed, Outcome), timed
    assert timed.reasons == (None,)
    assert not log.exists(), log.read_text()


@pytest.mark.slow
def test_layers_are_compared(
    folder: Path, log: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    images = Images(cache, np.arange(6), CONTRACT)
    with SilentProgress().track("comparing", 6) as task:
        found = blame(MODELS / "tiny_fp32.tflite", MODELS / "tiny_int8_uint8.tflite", images, task)
    assert not isinstance(found, str), found
    assert not log.exists(), log.read_text()


@pytest.mark.tensorflow
def test_tensorflow_is_imported_from_where_it_is_installed(folder: Path, log: Path) -> None:
    command = python_command("edgetag.desktop.timer", "no-such-job.json")
    done = captured(command, cwd=folder, env=python_environment())
    assert "no-such-job.json" in done.stderr
    assert not log.exists(), log.read_text()


def test_python_is_started_in_one_place() -> None:
    """What starts a process by itself would forget to keep the current folder out."""
    starts = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for line in file.read_text().splitlines()
        if "sys.executable," in line or "get_context(" in line
    }
    assert starts == {"children.py", "dataset/workers.py"}
