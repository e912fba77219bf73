"""A street of phones and a run folder."""

import os
from pathlib import Path

import pytest

from edgetag.recipe import Recipe
from edgetag.workspace import Workspace
from tests.phones.street import Street, make_run, make_street


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Street:
    """An adb on the PATH that sees no phone yet."""
    made = make_street(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PHONES", str(made.folder))
    # Tests beside this one have phones of the same serial numbers.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made


@pytest.fixture
def run_folder(tmp_path: Path) -> tuple[Recipe, Workspace]:
    return make_run(tmp_path)
