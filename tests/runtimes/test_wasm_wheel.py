"""A built wheel holds what Node runs, and scores from there as from a checkout."""

import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import ScoreRun, score
from edgetag.runtimes.wasm import Wasm
from tests.support.paths import ROOT
from tests.support.programs import captured
from tests.support.release import wheel

pytestmark = pytest.mark.slow
MODEL = ROOT / "tests" / "models" / "tiny_int8_uint8.tflite"
SOURCES = ROOT / "export" / "edgetag" / "runtimes" / "wasm"
SCORE = """
import sys
from pathlib import Path
import numpy as np
import edgetag
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes import score
from edgetag.runtimes.wasm import Wasm
site, runtime, model, cache, out = map(Path, sys.argv[1:])
assert Path(edgetag.__file__).is_relative_to(site), edgetag.__file__
with SilentProgress().track("scoring", None) as task:
    found = score(
        Wasm(runtime), model, cache, np.arange(8), Preprocessing(input_size=64), 1, task, 60.0
    )
assert hasattr(found, "scores"), found
np.save(out, found.scores)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(wheel()) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_everything_beside_the_python_of_wasm_is_in_the_wheel(site: Path) -> None:
    there = {path.name for path in (site / "edgetag" / "runtimes" / "wasm").iterdir()}
    wanted = {path.name for path in SOURCES.iterdir() if path.is_file()}
    assert {"worker.mjs", "package-lock.json"} <= wanted
    assert there == wanted


def test_a_wheel_scores_as_webassembly_like_the_checkout(
    site: Path, wasm_cache: Path, cache_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores.npy"
    command = [
        sys.executable,
        "-P",
        "-c",
        SCORE,
        *map(str, (site, wasm_cache, MODEL, cache_folder, out)),
    ]
    environment = dict(os.environ) | {"PYTHONPATH": str(site)}
    done = captured(command, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    with SilentProgress().track("scoring", None) as task:
        here = score(
            Wasm(wasm_cache),
            MODEL,
            cache_folder,
            np.arange(8),
            Preprocessing(input_size=64),
            1,
            task,
            60.0,
        )
    assert isinstance(here, ScoreRun), here
    assert np.array_equal(np.load(out), here.scores)
