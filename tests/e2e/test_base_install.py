"""`pip install edgetag` without extras, on every supported Python that this machine has."""

import json
from pathlib import Path

import pytest

from tests.support.base_install import CLEAN, install
from tests.support.programs import captured

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_base_install_works_without_tensorflow(tmp_path: Path, version: str) -> None:
    environment = install(version, tmp_path)
    done = captured([environment / "bin" / "edgetag", "doctor", "--json"], cwd=tmp_path, env=CLEAN)
    assert done.returncode == 0, done.stderr
    runtimes = {entry["name"]: entry for entry in json.loads(done.stdout)["runtimes"]}
    assert runtimes["litert"]["version"]
    assert not runtimes["tflite-runtime"]["version"]
    assert not list(environment.glob("lib/*/site-packages/tensorflow"))
    size = sum(f.stat().st_size for f in environment.rglob("*") if f.is_file())
    assert size < 600_000_000, f"the base install takes {size / 1e6:.0f} MB"
    trained = captured([environment / "bin" / "python", "-c", "import edgetag.tf"], cwd=tmp_path)
    assert "pip install 'edgetag[train]'" in trained.stderr
    served = captured(
        [environment / "bin" / "edgetag", "serve", "model.zip"], cwd=tmp_path, env=CLEAN
    )
    assert served.returncode == 2
    assert "is not installed. Install it with: pip install 'edgetag[serve]'" in served.stderr
