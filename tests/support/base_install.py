"""An environment with edgetag's base install alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

CLEAN = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


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


def install(version: str, folder: Path, constraints: Path | None = None) -> Path:
    """Install edgetag as a user does, from its sources, and return the environment.

    Args:
        version: Of Python.
        folder: For sources and environment.
        constraints: Versions to keep to, as pip's `-c` takes them.
    """
    uv = Path(sys.executable).parent / "uv"
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "export",
        source / "export",
        ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
    )
    environment = folder / "venv"
    subprocess.run([uv, "venv", "-q", "--python", interpreter(version), environment], check=True)
    python = environment / "bin" / "python"
    pinned: list[str | Path] = [] if constraints is None else ["-c", constraints]
    installed = subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, source, *pinned],
        capture_output=True,
        text=True,
    )
    assert installed.returncode == 0, installed.stderr
    return environment
