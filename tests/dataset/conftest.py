"""Small real pictures and recipes over them."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.recipe import DataSection, NetworkSection, Recipe
from edgetag.workspace import Workspace

MakePicture = Callable[..., Path]
MakeTable = Callable[[str, Sequence[Sequence[object]]], Path]
MakeRecipe = Callable[..., Recipe]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty data root."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def picture(root: Path) -> MakePicture:
    """Write a picture of soft random blobs that no other seed resembles; return its path."""

    def make(name: str, seed: int = 0, size: tuple[int, int] = (80, 60)) -> Path:
        random = np.random.default_rng(seed)
        coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
        return path

    return make


@pytest.fixture
def table(root: Path) -> MakeTable:
    """Write a CSV table into the data root; return its path."""

    def make(name: str, rows: Sequence[Sequence[object]]) -> Path:
        path = root / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        return path

    return make


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A run folder that does not exist yet."""
    return Workspace(tmp_path / "run")


def recipe_of(section: DataSection, input_size: int = 64) -> Recipe:
    """Return a recipe with the smallest input."""
    return Recipe(name="test", data=section, network=NetworkSection(input_size=input_size))


@pytest.fixture
def make_recipe() -> MakeRecipe:
    """Return `recipe_of`."""
    return recipe_of
