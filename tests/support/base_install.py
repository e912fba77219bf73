"""An environment with edgetag's base install alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import captured
from tests.support.release import wheel

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
    """Install edgetag's wheel as a user does, and return the environment.

    Args:
        version: Of Python.
        folder: For the environment.
        constraints: Versions to keep to, as pip's `-c` takes them.
    """
    uv = Path(sys.executable).parent / "uv"
    environment = folder / "venv"
    subprocess.run([uv, "venv", "-q", "--python", interpreter(version), environment], check=True)
    python = environment / "bin" / "python"
    pinned: list[str | Path] = [] if constraints is None else ["-c", constraints]
    installed = captured([uv, "pip", "install", "-q", "--python", python, wheel(), *pinned])
    assert installed.returncode == 0, installed.stderr
    return environment
