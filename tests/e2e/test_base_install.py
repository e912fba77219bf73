"""`pip install edgetag` without extras, on every supported Python that this machine has."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]


def interpreter(version: str) -> str:
    """Return a Python of this version, or skip the test."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(name), *map(str, pyenv.glob(f"{version}.*/bin/{name}"))]
    for candidate in candidates:
        # A pyenv shim is on the PATH for versions that are not active, and then fails.
        if candidate and not subprocess.run([candidate, "-V"], capture_output=True).returncode:
            return candidate
    pytest.skip(f"no Python {version} on this machine")


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_base_install_works_without_tensorflow(tmp_path: Path, version: str) -> None:
    uv = Path(sys.executable).parent / "uv"
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "export",
        source / "export",
        ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
    )
    environment = tmp_path / "venv"
    subprocess.run([uv, "venv", "-q", "--python", interpreter(version), environment], check=True)
    python = environment / "bin" / "python"
    installed = subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, source], capture_output=True, text=True
    )
    assert installed.returncode == 0, installed.stderr
    done = subprocess.run(
        [environment / "bin" / "edgetag", "doctor", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    assert done.returncode == 0, done.stderr
    runtimes = {entry["name"]: entry for entry in json.loads(done.stdout)["runtimes"]}
    assert runtimes["litert"]["version"]
    assert not runtimes["tflite-runtime"]["version"]
    assert not list(environment.glob("lib/*/site-packages/tensorflow"))
    size = sum(f.stat().st_size for f in environment.rglob("*") if f.is_file())
    assert size < 700_000_000, f"the base install takes {size / 1e6:.0f} MB"
    trained = subprocess.run(
        [python, "-c", "import edgetag.tf"], capture_output=True, text=True, cwd=tmp_path
    )
    assert "pip install 'edgetag[train]'" in trained.stderr
