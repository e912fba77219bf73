"""Two runs of one recipe, in other folders and under other loads, release the same bytes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow, pytest.mark.timeout(900)]

RECIPE = """
name = "equal"
[data]
source = "data/labels.csv"
tags = ["circle", "square", "red"]
[network]
name = "mobilenet_v2"
width = 0.35
input_size = 64
[training]
batch_size = 32
phases = [{ trains = "all", epochs = 1, learning_rate = 3e-3 }]
[export]
variants = ["fp32", "int8"]
representative_images = 20
[validation]
min_positives = 5
bootstrap_samples = 100
[benchmark]
runs = 10
warmup_runs = 1
[bundle]
variants = ["int8"]
"""
BUSY = "while True: pass"


def released(root: Path, shapes: Path) -> bytes:
    shutil.copytree(shapes.parent, root / "data")
    (root / "recipe.toml").write_text(RECIPE)
    done = subprocess.run(
        [sys.executable, "-m", "edgetag", "run", str(root / "recipe.toml"), "--out",
         str(root / "run")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 3), done.stderr  # 3: nothing here is required of accuracy
    (path,) = (root / "run" / "bundle").glob("*.zip")
    return path.read_bytes()


def test_equal_runs_release_equal_bytes_wherever_and_however_busy(
    shapes: Path, tmp_path: Path
) -> None:
    quiet = released(tmp_path / "quiet", shapes)
    with subprocess.Popen([sys.executable, "-c", BUSY]) as busy:
        try:
            loaded = released(tmp_path / "elsewhere" / "under-load", shapes)
        finally:
            busy.kill()
    assert quiet == loaded
    for private in (str(tmp_path), os.uname().release, os.uname().nodename):
        assert private.encode() not in loaded
