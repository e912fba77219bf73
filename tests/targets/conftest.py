"""A run folder around the tiny models."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.workspace import Workspace, digest_file, write_text
from tests.support.paths import MODELS
from tests.support.run_folders import write_cache

IMAGES = 6
RECIPE = """
name = "targets-test"
[data]
source = "labels.csv"
tags = ["cat", "dog", "food"]
[network]
input_size = 64
[export]
variants = ["fp32", "int8"]
[bundle]
variant = "int8"
[targets]
on = ["arm64"]
images = 3
[budgets.int8]
max_arm_instructions = 200000
"""


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy images of one colour each."""
    folder = tmp_path_factory.mktemp("cache")
    generator = np.random.default_rng(3)
    color = generator.integers(0, 256, (IMAGES, 1, 1, 3))
    noise = generator.integers(-60, 60, (IMAGES, 64, 64, 3))
    write_cache(folder, (color + noise).clip(0, 255).astype(np.uint8))
    return folder


@pytest.fixture
def run_folder(tmp_path: Path, cache_folder: Path) -> Path:
    """Return a folder with a recipe and, in `run`, what export would leave: fp32 and int8."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    workspace = Workspace(tmp_path / "run")
    workspace.dataset.mkdir(parents=True)
    workspace.cache.symlink_to(cache_folder)
    names = [f"{number}.png" for number in range(IMAGES)]
    tags = {f"tag:{tag}": [1, 0] * (IMAGES // 2) for tag in ("cat", "dog", "food")}
    table = {"identity": names, "path": names, "split": ["test"] * IMAGES, **tags}
    pl.DataFrame(table).write_parquet(workspace.manifest)
    exported = []
    for variant, name, floats in (("fp32", "tiny_fp32", 9), ("int8", "tiny_int8_uint8", 0)):
        path = workspace.export / f"{variant}.tflite"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((MODELS / f"{name}.tflite").read_bytes())
        size = path.stat().st_size
        exported.append(
            ExportedVariant.model_validate(
                {
                    "variant": variant,
                    "file": f"export/{path.name}",
                    "sha256": digest_file(path),
                    "size_bytes": size,
                    "gzip_bytes": size,
                    "input_type": "uint8" if floats == 0 else "float32",
                    "output_type": "uint8" if floats == 0 else "float32",
                    "min_runtime_version": "",
                    "operators": {},
                    "float_tensors": floats,
                    "sparsity": 0.0,
                }
            )
        )
    write_text(workspace.export / "export.json", ExportResult(variants=tuple(exported)).to_json())
    return tmp_path
