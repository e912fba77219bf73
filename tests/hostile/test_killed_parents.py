"""A command that is killed leaves no process behind that works on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgetag.children import python_environment
from tests.support.paths import MODELS, RELEASED
from tests.support.processes import busy, children, runs
from tests.support.run_folders import write_cache

BENCH = """
import sys
from pathlib import Path
import numpy as np
from edgetag.benchmarking.measure import Plan, measure
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
pixels = np.load(Path(sys.argv[2]) / "shard-00000.npy")
plan = Plan("litert", 1, Preprocessing(input_size=64), pixels, 1, 10_000_000, 1, 600)
measure([Path(sys.argv[1])], plan, SilentProgress())
"""

SCORE = """
import sys
from pathlib import Path
import numpy as np
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import engines, score
rows = np.zeros(10_000_000, dtype=np.int64)
with SilentProgress().track("", None) as task:
    score(engines.get("litert"), Path(sys.argv[1]), Path(sys.argv[2]), rows,
          Preprocessing(input_size=64), 1, task, 600)
"""


def left_of(pids: list[int]) -> list[int]:
    """Wait until processes have ended; return and end those that have not after a minute."""
    deadline = time.monotonic() + 60
    while any(map(runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [pid for pid in pids if runs(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


@pytest.mark.slow
@pytest.mark.parametrize("script", [BENCH, SCORE], ids=["benchmark", "scoring"])
def test_children_end_with_their_parent(script: str, tmp_path: Path) -> None:
    write_cache(tmp_path, np.zeros((4, 64, 64, 3), np.uint8))
    command = [sys.executable, "-c", script, str(MODELS / "tiny_fp32.tflite"), str(tmp_path)]
    with subprocess.Popen(command, env=python_environment()) as parent:
        at_work: list[int] = []
        while not at_work:
            assert parent.poll() is None
            time.sleep(0.05)
            at_work = [pid for pid in children(parent.pid) if busy(pid)]
        for pid in at_work:
            os.kill(pid, signal.SIGSTOP)  # it can write to no pipe, which would end it as well
        parent.kill()
    assert not left_of(at_work)


WORK = """
import time
from edgetag.dataset.workers import run_all
list(run_all(time.sleep, enumerate([(600,), (600,)]), 2))
"""


@pytest.mark.slow
def test_workers_of_a_pool_end_with_their_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORK]
    with subprocess.Popen(command, env=python_environment()) as parent:
        workers: list[int] = []
        while len(workers) < 2:
            assert parent.poll() is None
            time.sleep(0.05)
            servers = children(parent.pid)
            workers = [worker for server in servers for worker in children(server)]
        time.sleep(1)  # until both have begun
        parent.kill()
    assert not left_of(workers)


FETCH = """
from edgetag.children import run_long_program
run_long_program(["sleep", "600"], 600)
"""


@pytest.mark.slow
def test_a_program_that_fetches_ends_with_the_command_that_waits_for_it() -> None:
    command = [sys.executable, "-c", FETCH]
    with subprocess.Popen(command, env=python_environment()) as parent:
        while not (fetching := [pid for pid in children(parent.pid) if program_of(pid) == "sleep"]):
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    assert not left_of(fetching)


def program_of(pid: int) -> str:
    """Return the name of the program that a process runs now."""
    return Path("/proc", str(pid), "comm").read_text().strip()


REHEARSE = """
import sys
from pathlib import Path
from edgetag.ci.job import RUN
from edgetag.ci.rehearsal import rehearse
folder = Path(sys.argv[1])
rehearse(folder, folder, f"edgetag serve {sys.argv[2]} --port 0 --root {RUN}")  # without an end
"""


@pytest.mark.slow
def test_a_rehearsed_job_ends_with_the_command_that_rehearses_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", REHEARSE, str(tmp_path), str(RELEASED)]
    with subprocess.Popen(command, env=python_environment()) as parent:
        while not (rehearsed := children(parent.pid)):
            assert parent.poll() is None
            time.sleep(0.05)
        while not children(rehearsed[0]):  # until it has begun
            assert runs(rehearsed[0])
            time.sleep(0.05)
        os.kill(rehearsed[0], signal.SIGSTOP)  # as above
        parent.kill()
    assert not left_of(rehearsed)
