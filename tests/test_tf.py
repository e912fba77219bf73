"""TensorFlow behind its door."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgetag.children import python_environment
from tests.support.programs import captured

GENERATES = """
import os, signal, sys
from edgetag.tf import tf
@tf.function
def doubled(x):
    return x * 2 if x > 0 else x
print(int(doubled(tf.constant(2))))
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.tensorflow
def test_code_that_tensorflow_generates_goes_with_the_process_or_with_the_next(
    tmp_path: Path,
) -> None:
    place, script = tmp_path / "temporary", tmp_path / "generates.py"
    place.mkdir()
    script.write_text(GENERATES)

    def left_by(end: str) -> tuple["subprocess.CompletedProcess[str]", list[Path]]:
        environment = python_environment() | {"TMPDIR": str(place)}
        done = captured([sys.executable, str(script), end], env=environment)
        return done, list(place.iterdir())

    killed, left = left_by("killed")
    assert killed.returncode == -9
    assert left
    ended, left = left_by("ended")
    assert (ended.returncode, ended.stdout, left) == (0, "4\n", [])


@pytest.mark.slow
@pytest.mark.tensorflow
def test_pandas_is_not_imported_by_tensorflow_and_can_be_afterwards() -> None:
    code = "import sys, edgetag.tf; print('pandas' in sys.modules); import pandas; pandas.DataFrame"
    done = captured([sys.executable, "-c", code], env=python_environment())
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
