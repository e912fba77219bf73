"""The run folder that tests of explaining start from."""

import shutil
from pathlib import Path

import pytest

from edgetag.recipe import parse_recipe
from edgetag.workspace import Workspace
from tests.support.color_run import RECIPE, ColorRun, make_color_run


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> ColorRun:
    """Built once; tests that change it take `color_run`."""
    return make_color_run(tmp_path_factory.mktemp("colors"))


@pytest.fixture
def color_run(pristine: ColorRun, tmp_path: Path) -> ColorRun:
    """A copy, pictures included."""
    shutil.copytree(pristine.workspace.root.parent, tmp_path / "copy")
    recipe = parse_recipe(RECIPE.format(bundle="fp32"), tmp_path / "copy" / "recipe.toml")
    return ColorRun(recipe, Workspace(tmp_path / "copy" / "run"))
