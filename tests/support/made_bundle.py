"""A run that can be bundled, and its bundle: real pictures, the tiny models, a verdict by hand."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edgetag.bundling import stage
from edgetag.bundling.archive import pack
from edgetag.bundling.contents import GOLDEN, GOLDEN_MAPS, MANIFEST
from edgetag.dataset import stage as dataset_stage
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.training.result import Thresholds
from edgetag.workspace import Workspace, digest_file
from tests.support.made_results import all_entries, make_verdict
from tests.support.run_folders import give_maps, write_models

TAGS = ("cat", "dog|wolf", "[bold]food")
THRESHOLDS = {"cat": 0.41, "dog|wolf": 0.41, "[bold]food": 0.5}
RICH = """
variants = ["int8", "fp32"]
sensitive = ["cat"]
display_names = { "dog|wolf" = { en = "Dog", ja = "犬" } }
license = "MIT"
limits = "Not for <b>court</b>."
"""
CAT_FROM = 0.7
"""Between the scores of the drawn pictures."""

FORMATS = {3: "jpg", 7: "gif", 11: "bmp", 13: "jpg", 18: "jpg", 24: "jpg"}
SHAPES = ((64, 64), (96, 40), (40, 96), (120, 80), (30, 30))


def recipe_text(bundle: str = "", data: str = "data/labels.csv") -> str:
    return f"""
name = "bundle-test"
[data]
source = "{data}"
tags = ["cat", "dog|wolf", "[bold]food"]
[network]
input_size = 64
[export]
variants = ["fp32", "int8"]
[validation]
splits = ["test"]
[bundle]
version = "1.2.3"
{bundle or 'variants = ["int8"]'}
"""


def draw_data(folder: Path, images: int = 32) -> None:
    """Draw noisy pictures of several shapes and formats, and a table of their tags."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(11)
    rows = ["path,split,cat,dog|wolf,[bold]food"]
    for number in range(images):
        width, height = SHAPES[number % len(SHAPES)]
        color = random.integers(0, 256, (1, 1, 3))
        pixels = (color + random.integers(-60, 60, (height, width, 3))).clip(0, 255)
        suffix = FORMATS.get(number, "png")
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02d}.{suffix}")
        split = ("train", "validation")[number // 4] if number < 8 else "test"
        cells = ["" if v < 0.1 else str(int(v > 0.5)) for v in random.random(3)]
        rows.append(",".join([f"{number:02d}.{suffix}", split, *cells]))
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "ATTRIBUTION.md").write_text("Drawn by a test.\n", encoding="utf-8")


def make_run(root: Path) -> Workspace:
    """Leave in `root/run` what the stages before leave; the data are in `root/data`."""
    draw_data(root / "data")
    workspace = Workspace(root / "run")
    dataset_stage.run(recipe_in(root), workspace, SilentProgress())
    write_models(workspace, float_tensors={"fp32": 5})
    give_maps(workspace, "int8")
    trained = Thresholds(
        policy="best_f1",
        split="validation",
        thresholds=dict.fromkeys(TAGS, 0.5),
        defaulted=("[bold]food",),
    )
    trained.write(workspace.train / "thresholds.json")
    digests = {name: digest_file(workspace.export / f"{name}.tflite") for name in ("int8", "fp32")}
    entries = (
        entry.replace(sha256=digests.get(entry.variant, entry.sha256))
        for entry in all_entries(0.004)
    )
    verdict = make_verdict(tuple(entries)).replace(
        thresholds={"int8": THRESHOLDS, "fp32": THRESHOLDS}
    )
    verdict.write(workspace.validate / "verdict.json")
    return workspace


def made_files(root: Path) -> dict[str, bytes]:
    """Return every file of a bundle that is made here and now, of int8, which makes heat maps."""
    root.mkdir()
    workspace = make_run(root)
    return unpack(workspace.root / stage.run(recipe_in(root), workspace, SilentProgress()).file)


def recipe_in(root: Path, bundle: str = "") -> Recipe:
    return parse_recipe(recipe_text(bundle), root / "recipe.toml")


def make_two_variants(root: Path) -> Path:
    """Return a bundle of `int8`, its default, and `fp32`, for the tags `TAGS`."""
    workspace, recipe = make_run(root), recipe_in(root, 'variants = ["int8", "fp32"]')
    return workspace.root / stage.run(recipe, workspace, SilentProgress()).file


def unpack(path: Path) -> dict[str, bytes]:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without_golden_maps(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a bundle as it was made when no heat maps were known in it."""
    golden = json.loads(files[GOLDEN])
    golden["schema"] = "edgetag.golden/1.0"
    for value in (golden, *golden["expected"]):
        del value["maps"]
    kept = {name: data for name, data in files.items() if name != GOLDEN_MAPS}
    return {**kept, GOLDEN: json.dumps(golden).encode()}


def resealed(files: Mapping[str, bytes], change: Callable[[Any], None] | None = None) -> bytes:
    """Return a bundle of other files whose manifest describes them, as a forger would.

    Args:
        files: Every file; the manifest in it is mended.
        change: Changes the manifest's JSON further.
    """
    manifest = json.loads(files[MANIFEST])
    manifest["files"] = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        for name, data in sorted(files.items())
        if name != MANIFEST
    ]
    for variant in manifest["variants"]:
        data = files.get(variant["file"], b"")
        variant["sha256"] = hashlib.sha256(data).hexdigest()
        variant["size_bytes"] = len(data)
    if change is not None:
        change(manifest)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    return pack({**files, MANIFEST: text.encode()})


def with_json(files: Mapping[str, bytes], name: str, change: Callable[[Any], None]) -> bytes:
    """Return a resealed bundle in which one JSON file is changed."""
    value = json.loads(files[name])
    change(value)
    return resealed({**files, name: json.dumps(value).encode()})
