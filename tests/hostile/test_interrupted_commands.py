"""Ctrl-C ends a command within seconds, whatever hangs, and leaves no process behind."""

import ast
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import edgetag
from edgetag.children import python_environment
from edgetag.cli.main import STOPPED
from edgetag.workspace import Workspace
from tests.support.bad_loops import endless_model
from tests.support.processes import busy, children, runs
from tests.support.programs import captured
from tests.support.run_folders import write_cache, write_export, write_manifest

PACKAGE = Path(edgetag.__file__).parent
VARIANTS = ("fp32", "fp16", "dynamic", "int8", "int8-qat")
SOON_S = 100.0
"""A process is ended within half a second; the rest is for a busy machine."""

RECIPE = """
name = "interrupted"
[data]
source = "labels.csv"
tags = ["cat", "dog", "food", "map", "toy"]
[network]
input_size = 64
[export]
variants = ["fp32"]
[targets]
images = 2
"""

COMPARE = """
import sys
from pathlib import Path
from edgetag.targets.checking import check_scores
from edgetag.progress import SilentProgress
from edgetag.recipe import load_recipe
from edgetag.runtimes import engines
from edgetag.workspace import Workspace
here = engines.get("litert")
recipe = load_recipe(Path(sys.argv[1]))
check_scores(recipe, Workspace(Path(sys.argv[2])), SilentProgress(), [here])
"""

MATRIX = """
import sys
from pathlib import Path
from edgetag.targets.matrix.stage import run
from edgetag.progress import SilentProgress
from edgetag.recipe import load_recipe
from edgetag.workspace import Workspace
recipe = load_recipe(Path(sys.argv[1]))
run(recipe, Workspace(Path(sys.argv[2])), SilentProgress(), ("litert",))
"""


@pytest.fixture
def hanging(tmp_path: Path) -> tuple[Path, Path]:
    """Return a recipe and its run, whose exported files never end an inference."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    workspace = Workspace(tmp_path / "run")
    write_cache(workspace.cache, np.zeros((4, 64, 64, 3), np.uint8))
    labels = {tag: [1, 0, 1, 0] for tag in ("cat", "dog", "food", "map", "toy")}
    write_manifest(workspace, ["test"] * 4, labels)
    workspace.export.mkdir(parents=True)
    for variant in VARIANTS:
        (workspace.export / f"{variant}.tflite").write_bytes(endless_model())
    write_export(workspace, VARIANTS)
    return tmp_path / "recipe.toml", workspace.root


@pytest.mark.slow
@pytest.mark.parametrize("script", [COMPARE, MATRIX], ids=["compare", "matrix"])
def test_an_interrupt_ends_what_hangs_and_what_waits(
    script: str, hanging: tuple[Path, Path]
) -> None:
    command = [sys.executable, "-c", script, *map(str, hanging)]
    with subprocess.Popen(command, env=python_environment(), stderr=subprocess.PIPE) as parent:
        at_work: list[int] = []
        while not at_work:
            assert parent.poll() is None
            time.sleep(0.05)
            at_work = [pid for pid in children(parent.pid) if busy(pid)]
        at_work = children(parent.pid)
        parent.send_signal(signal.SIGINT)  # to it alone, as a supervisor does
        try:
            _, told = parent.communicate(timeout=SOON_S)
        finally:
            parent.kill()
    assert told.decode().rstrip().endswith("KeyboardInterrupt")
    assert not any(map(runs, at_work))


STARTING = """
import os, signal, threading, time
from edgetag.dataset import inspection
from edgetag.dataset.workers import run_all
if __name__ == "__main__":
    threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        list(run_all(inspection.inspect_part, enumerate([(), ()]), 2))
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.slow
def test_an_interrupt_while_workers_are_started_has_none_of_them_complain(tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text(STARTING)
    done = captured([sys.executable, str(tmp_path / "build.py")], env=python_environment())
    assert (done.stdout, done.stderr) == ("stopped\n", "")


FREEING = """
import signal, time
from edgetag.cli import main
class Function:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
def run():
    function = Function()
    del function
    time.sleep(60)
    print("went on")
main._run = run
main.main()
"""


@pytest.mark.slow
def test_a_command_that_frees_an_object_when_it_is_told_to_stop_stops() -> None:
    done = captured([sys.executable, "-c", FREEING], env=python_environment())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {STOPPED}\n"


COMPILING = """
import signal, sys, types
from edgetag.cli import main
def verb() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.01)  # which comes while the lines are read
    compile("x = 1\\n" * 50_000 + "y = 2**60\\n", "long.py", "exec")
    print("went on")
module = types.ModuleType("edgetag.cli.run")
module.run = verb
sys.modules["edgetag.cli.run"] = module
sys.argv = ["edgetag", "run"]
main.main()
"""
"""Python drops what a constant's computation raises while it compiles, but a KeyboardInterrupt."""


@pytest.mark.slow
def test_a_command_whose_modules_are_being_compiled_when_it_is_told_to_stop_stops() -> None:
    done = captured([sys.executable, "-c", COMPILING], env=python_environment())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {STOPPED}\n"


@pytest.mark.slow
def test_threads_are_started_in_one_place() -> None:
    """A plain executor does all that waits before it lets an interrupt through."""
    starts = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Name)
        if node.func.id == "ThreadPoolExecutor"
    }
    assert starts == {"pool.py"}
