"""One finished run of few variants, trained once for all tests of the session that need one.

On the way to it the recipe leaves it to the verdict what is made: first int8 passes, then it breaks
its budget, so that int8-qat is trained. Copies of the run of then are kept for tests of that.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from edgetag.writing import write_text
from tests.support.drawn_shapes import draw_shapes
from tests.support.programs import captured

VARIANTS = ("fp32", "fp16", "int8", "int8-qat")
PICTURES = {"test": 100, "test_style": 60, "validation": 60, "train": 140}
RECIPE = """
name = "demo"
[data]
source = "{table}"
tags = ["circle", "square", "red"]
[network]
name = "mobilenet_v2"
width = 0.35
depth = 0.25
input_size = 64
[training]
batch_size = 16
phases = [{{ trains = "all", epochs = 10, learning_rate = 3e-3 }}]
[quantization]
epochs = 0.5
warmup_steps = 20
"""
"""What decides weights; with other sections behind it nothing is trained anew."""

IF_NEEDED = """
[export]
representative_images = 30
[validation]
runtimes = ["litert"]
splits = ["test", "test_style"]
min_positives = 5
bootstrap_samples = 100
[explain]
preprocessing_images = 20
[benchmark]
runtimes = ["litert"]
reference = false
runs = 20
warmup_runs = 5
[budgets.default]
max_map_drop = 1.0
[budgets.int8]
{int8}
[budgets.int8-qat]
max_map_drop = 1.0
"""
"""Variants are the default's: int8-qat is made where int8 does not pass."""

KEPT, BROKEN = "max_map_drop = 1.0", "max_size_bytes = 1"
"""Budgets of int8."""

OTHERS = f"""
[export]
variants = {list(VARIANTS)}
representative_images = 30
[validation]
splits = ["test", "test_style"]
min_positives = 5
bootstrap_samples = 100
[explain]
layer_images = 8
preprocessing_images = 20
[benchmark]
reference = false
runs = 200
warmup_runs = 5
[bundle]
variants = ["int8-qat"]
[budgets.int8-qat]
max_map_drop = 0.9
max_latency_ratio = 50.0
[budgets.int8-qat.tags]
circle = {{ max_recall_drop = 0.9 }}
[budgets.default]
max_map_drop = 0.9
"""
"""What documents speak of is in it, so that they need no run of their own. Of 20 runs on an idle
machine a ratio of latencies has no interval, and is undecided."""


@dataclass(frozen=True)
class TrainedRun:
    """A folder with `recipe.toml` and its run folder `runs/demo`.

    Below `kept/passed` lies the run in which int8 passed, below `kept/needed` the one in which
    int8-qat stands in for it, with what its command printed.

    Attributes:
        folder: Not to be changed; take a `copy`.
    """

    folder: Path

    @property
    def printed(self) -> str:
        """What `edgetag run` wrote to stderr and stdout, killed once on the way."""
        return (self.folder / "printed.txt").read_text()

    def recipe(self, others: str) -> str:
        """Return a recipe with the same weights and other sections behind."""
        return RECIPE.format(table=self.folder / "pictures" / "labels.csv") + others

    def copy(self, to: Path, others: str | None = None) -> Path:
        """Copy recipe and run to a new folder, the recipe perhaps with other sections."""
        to.mkdir(parents=True)
        shutil.copytree(self.folder / "runs", to / "runs")
        (to / "recipe.toml").write_text(self.recipe(OTHERS if others is None else others))
        return to

    def kept(self, name: str) -> Path:
        """Return the folder of an earlier state of the run, not to be changed either."""
        return self.folder / "kept" / name


def command(folder: Path, verb: str = "run") -> list[str]:
    """Return the command that works on a copy of the run."""
    recipe, run = folder / "recipe.toml", folder / "runs" / "demo"
    return [sys.executable, "-m", "edgetag", verb, str(recipe), "--out", str(run)]


def kill_when_there(command: list[str], file: Path, log: Path) -> None:
    """Start a command, and kill it as soon as it has left a file."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=output)
        deadline = time.monotonic() + 400
        while not file.exists():
            assert process.poll() is None, f"it ended before it could be killed: {log.read_text()}"
            assert time.monotonic() < deadline
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def train(folder: Path) -> None:
    """Draw pictures and run three recipes of the same weights, the second killed and resumed."""
    table = draw_shapes(folder / "pictures", sum(PICTURES.values()), size=64)
    splits = [name for name, images in PICTURES.items() for _ in range(images)]
    pl.read_csv(table).with_columns(pl.Series("split", splits)).write_csv(table)
    run, log = TrainedRun(folder), folder / "killed.txt"
    printed = _ran(run, IF_NEEDED.format(int8=KEPT), keep="passed")
    (folder / "recipe.toml").write_text(run.recipe(IF_NEEDED.format(int8=BROKEN)))
    kill_when_there(command(folder), folder / "runs/demo/quantize/int8-qat.json", log)
    printed += log.read_text() + _ran(run, IF_NEEDED.format(int8=BROKEN), keep="needed")
    write_text(folder / "printed.txt", printed + _ran(run, OTHERS))


def _ran(run: TrainedRun, others: str, keep: str = "") -> str:
    """Run a recipe, keep a copy of what it left and printed, and return what it printed."""
    (run.folder / "recipe.toml").write_text(run.recipe(others))
    options = ["--json"] if keep else []
    done = captured([*command(run.folder), *options], env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    if keep:
        shutil.copytree(run.folder / "runs", run.kept(keep) / "runs")
        shutil.copy(run.folder / "recipe.toml", run.kept(keep))
        write_text(run.kept(keep) / "stdout.json", done.stdout)
        write_text(run.kept(keep) / "stderr.txt", done.stderr)
    return done.stderr + done.stdout


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """The run, made by whichever test process asks first; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    run = TrainedRun((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained-run")
    run.folder.mkdir(exist_ok=True)
    with (run.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (run.folder / "printed.txt").exists():  # which is written last
            train(run.folder)
    return run
