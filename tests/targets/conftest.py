"""A run folder around the tiny models."""

from pathlib import Path

import pytest

from edgetag.workspace import Workspace
from tests.support.run_folders import (
    TAGS,
    noisy_pictures,
    tiny_recipe,
    write_cache,
    write_manifest,
    write_models,
)

IMAGES = 6
RECIPE = tiny_recipe(
    "targets-test",
    """[bundle]
variant = "int8"
[targets]
on = ["arm64"]
images = 3
[budgets.int8]
max_arm_instructions = 200000
""",
)


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy images of one colour each."""
    folder = tmp_path_factory.mktemp("cache")
    write_cache(folder, noisy_pictures(IMAGES, 3))
    return folder


@pytest.fixture
def run_folder(tmp_path: Path, cache_folder: Path) -> Path:
    """Return a folder with a recipe and, in `run`, what export would leave: fp32 and int8."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    workspace = Workspace(tmp_path / "run")
    workspace.dataset.mkdir(parents=True)
    workspace.cache.symlink_to(cache_folder)
    names = [f"{number}.png" for number in range(IMAGES)]
    labels = dict.fromkeys(TAGS, [1, 0] * (IMAGES // 2))
    write_manifest(workspace, ["test"] * IMAGES, labels, identities=names)
    write_models(workspace, float_tensors={"fp32": 9})
    return tmp_path
