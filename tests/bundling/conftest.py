"""One run and its bundle for all tests; each copies what it changes."""

import json
import shutil
from pathlib import Path

import pytest

from edgetag.bundling import stage
from edgetag.bundling.result import BundleResult
from edgetag.progress import SilentProgress
from edgetag.workspace import Workspace
from edgetag.writing import write_text
from tests.support.made_bundle import CAT_FROM, RICH, make_run, recipe_in, unpack


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, a run and its bundle of one variant."""
    root = tmp_path_factory.mktemp("made")
    stage.run(recipe_in(root), make_run(root), SilentProgress())
    return root


@pytest.fixture(scope="session")
def rich(made: Path) -> tuple[BundleResult, dict[str, bytes]]:
    """A bundle of the same run whose recipe says all that one can say; a variant failed."""
    root = made.parent / "rich"
    shutil.copytree(made, root)
    verdict = root / "run" / "validate" / "verdict.json"
    values = json.loads(verdict.read_text(encoding="utf-8"))
    values["decisions"]["fp32"] = "fail"
    values["thresholds"]["int8"]["cat"] = CAT_FROM
    write_text(verdict, json.dumps(values))
    workspace = Workspace(root / "run")
    result = stage.run(recipe_in(root, RICH), workspace, SilentProgress())
    return result, unpack(workspace.root / result.file)


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of the folder."""
    shutil.copytree(made, tmp_path / "made")
    return tmp_path / "made"


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root / "run")


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Path:
    """A copy of the bundle."""
    return Path(shutil.copy(made / "run" / "bundle" / "bundle-test-1.2.3.zip", tmp_path))
