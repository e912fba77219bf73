"""A run folder with real images and small real models, as the stages before would leave it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import sklearn.datasets
from PIL import Image

from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.preprocess import Pixels, Preprocessing, letterbox
from edgetag.recipe import Recipe, Variant, parse_recipe
from edgetag.workspace import Workspace, digest_file, write_text
from tests.support.run_folders import write_cache

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
        labels = {f"tag:{tag}": [1, 0, None, 1, 0, 1] for tag in ("cat", "dog", "food")}
        names = [f"{number}.png" for number in range(IMAGES)]
        columns = {"identity": names, "path": names, "split": ["train"] * 2 + ["test"] * 4}
        pl.DataFrame({**columns, **labels}).write_parquet(workspace.manifest)
        workspace.export.mkdir()
        exported = []
        for variant, source in models.items():
            path = workspace.export / f"{variant}.tflite"
            path.write_bytes(source.read_bytes())
            exported.append(describe(variant, path, workspace))
        result = ExportResult(variants=tuple(exported))
        write_text(workspace.export / "export.json", result.to_json())
        return workspace

    return make


def describe(variant: Variant, path: Path, workspace: Workspace) -> ExportedVariant:
    content = path.read_bytes()
    return ExportedVariant(
        variant=variant,
        file=workspace.relative(path),
        sha256=digest_file(path),
        size_bytes=len(content),
        gzip_bytes=len(gzip.compress(content)),
        input_type="float32",
        output_type="float32",
        min_runtime_version="1.5.0",
        operators={},
        float_tensors=0,
        sparsity=0.0,
    )
