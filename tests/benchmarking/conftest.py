"""A run folder with real images and small real models, as the stages before would leave it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
from PIL import Image

from edgetag.preprocess import Pixels, Preprocessing, letterbox
from edgetag.recipe import Recipe, Variant, parse_recipe
from edgetag.workspace import Workspace
from tests.support.run_folders import TAGS, write_cache, write_export, write_manifest

SIZE = 64
IMAGES = 6
RECIPE = """
name = "bench-test"
[data]
source = "table.csv"
tags = ["cat", "dog", "food"]
[network]
name = "mobilenet_v2"
width = 0.35
depth = 0.25
input_size = 64
[benchmark]
runtimes = ["litert", "tflite-runtime"]
warmup_runs = 3
runs = 30
[export]
variants = ["fp32", "fp16", "int8"]
[bundle]
variant = "int8"
"""

MakeRun = Callable[[dict[Variant, Path]], Workspace]


@pytest.fixture(scope="session")
def pixels() -> Pixels:
    """Return `[6, 64, 64, 3]` uint8: parts of the two photos in scikit-learn's wheel."""
    contract = Preprocessing(input_size=SIZE)
    photos = [Image.fromarray(a) for a in sklearn.datasets.load_sample_images().images]
    boxes = [(0, 0, 320, 400), (100, 50, 500, 300), (200, 27, 640, 427)]
    return np.stack([letterbox(photo.crop(box), contract) for photo in photos for box in boxes])


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return parse_recipe(RECIPE, Path("recipe.toml"))


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory, pixels: Pixels) -> MakeRun:
    """Return what builds a run folder around exported files."""

    def make(models: dict[Variant, Path]) -> Workspace:
        workspace = Workspace(tmp_path_factory.mktemp("run"))
        write_cache(workspace.cache, pixels)
        labels = {tag: [1, 0, None, 1, 0, 1] for tag in TAGS}
        names = [f"{number}.png" for number in range(IMAGES)]
        write_manifest(workspace, ["train"] * 2 + ["test"] * 4, labels, identities=names)
        workspace.export.mkdir()
        for variant, source in models.items():
            shutil.copy(source, workspace.export / f"{variant}.tflite")
        write_export(workspace, tuple(models))
        return workspace

    return make
