"""A finished run over real pictures in each label format, made without TensorFlow.

The float model is the tiny one; its scores are the reference, and labels are those scores with
noise, so that tags have positives and the file that ships passes.
"""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image

from edgetag.dataset import open_dataset
from edgetag.dataset.stage import run as build_data
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, load_recipe
from edgetag.validation.pictures import known_pictures
from edgetag.validation.scores import ReferenceMeta, ReferenceScores, write_reference
from edgetag.workspace import RunFile, Workspace
from tests.support.run_folders import FLOAT, TAGS, noisy_pictures, score, write_models

PICTURES, SIZE = 360, 64
RECIPE = """
name = "app"
[data]
source = "{source}"
tags = ["cat", "dog", "food"]
{data}
[network]
input_size = 64
[export]
variants = ["fp32", "int8"]
[validation]
splits = {splits}
min_positives = 5
bootstrap_samples = 200
[budgets.int8]
max_map_drop = 0.2
max_recall_drop = 0.9
max_size_ratio = 1.5
max_latency_ms = 5.0
[bundle]
variants = ["int8"]
"""

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Finished:
    """A run and what it was made by."""

    recipe_file: Path
    workspace: Workspace

    @property
    def recipe(self) -> Recipe:
        return load_recipe(self.recipe_file)

    def copy(self, to: Path) -> "Finished":
        """Copy recipe, data and run to a new folder."""
        shutil.copytree(self.recipe_file.parent, to)
        return Finished(to / self.recipe_file.name, Workspace(to / self.workspace.root.name))


def as_wide(folder: Path, pixels: npt.NDArray[np.uint8], labels: Labels) -> str:
    """A table with splits, groups, unknown labels, and pictures in folders of their own."""
    rows: list[list[object]] = [["path", "split", "group", *TAGS]]
    for number, (picture, row) in enumerate(zip(pixels, labels, strict=True)):
        name = f"pictures/{number % 3}/{number:03d}.PNG"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / name)
        split = ("test", "test_style", "validation", "train", "test", "test")[number % 6]
        cells = ["" if number % 20 == 7 and tag == 1 else label for tag, label in enumerate(row)]
        rows.append([name, split, f"concept {number // 12}", *cells])
    _write_csv(folder / "labels.csv", rows)
    return "labels.csv"


def as_list(folder: Path, pixels: npt.NDArray[np.uint8], labels: Labels) -> str:
    """A table with a list of tags, split by hash; two pictures repeat others under new names."""
    rows: list[list[object]] = [["path", "tags"]]
    for number, (picture, row) in enumerate(zip(pixels, labels, strict=True)):
        Image.fromarray(picture).save(folder / f"{number:03d}.png")
        tags = ",".join(tag for tag, label in zip(TAGS, row, strict=True) if label)
        rows.append([f"{number:03d}.png", tags])
    shutil.copy(folder / "007.png", folder / "again.png")
    rows.append(["again.png", rows[8][1]])
    _write_csv(folder / "labels.csv", rows)
    return "labels.csv"


def as_folders(folder: Path, pixels: npt.NDArray[np.uint8], labels: Labels) -> str:
    """One folder per class; a picture is in that of the highest label."""
    for number, (picture, row) in enumerate(zip(pixels, labels, strict=True)):
        file = folder / "classes" / TAGS[int(row.argmax())] / f"{number:03d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(file)
    return "classes"


def as_regions(folder: Path, pixels: npt.NDArray[np.uint8], labels: Labels) -> str:
    """Region Cropper JSON: two labelled rectangles in each picture."""
    places = ((0, 0, SIZE, SIZE), (SIZE, 0, 2 * SIZE, SIZE))
    for number in range(0, PICTURES, 2):
        name = f"{number:03d}.png"
        Image.fromarray(np.hstack([pixels[number], pixels[number + 1]])).save(folder / name)
        regions = [
            {
                "probability": 0.9,
                "label": tag,
                "rect": dict(zip(("left", "top", "right", "bottom"), place, strict=True)),
            }
            for place, row in zip(places, labels[number : number + 2], strict=True)
            for tag in np.flatnonzero(row).tolist()
        ]
        document = {"generator": "Region Cropper", "file_name": name, "regions": regions}
        (folder / f"{number:03d}.json").write_text(json.dumps(document))
    return "."


Make = Callable[[Path, npt.NDArray[np.uint8], Labels], str]
FORMATS: dict[str, tuple[Make, str]] = {
    "wide": (as_wide, ""),
    "list": (as_list, ""),
    "folders": (as_folders, ""),
    "regions": (as_regions, 'regions = "crop"'),
}


def finish_run(folder: Path, kind: str, more: str = "") -> Finished:
    """Make pictures and labels of one kind, and a run over them up to validation's reference.

    Args:
        folder: A new one.
        kind: Key of `FORMATS`.
        more: Text at the recipe's end.
    """
    make, data = FORMATS[kind]
    folder.mkdir(parents=True)
    pixels = noisy_pictures(PICTURES)
    recipe_file = folder / "recipe.toml"
    splits = '["test", "test_style"]' if kind == "wide" else '["test"]'
    text = RECIPE.format(source="nowhere", data=data, splits=splits)
    recipe_file.write_text(text)
    scores = score(FLOAT, pixels, load_recipe(recipe_file))
    noisy = scores + np.random.default_rng(6).normal(0, 0.1, scores.shape)
    labels = (noisy > np.quantile(noisy, 0.7, axis=0)).astype(int)
    (folder / "data").mkdir()
    source = make(folder / "data", pixels, labels)
    recipe_file.write_text(RECIPE.format(source=f"data/{source}", data=data, splits=splits) + more)
    workspace = Workspace(folder / "run")
    recipe = load_recipe(recipe_file)
    build_data(recipe, workspace, SilentProgress())
    write_models(workspace)
    _write_reference(recipe, workspace)
    run_file = RunFile(name="app", recipe=recipe.model_dump(mode="json"), seed=1, versions={})
    run_file.write(workspace.run_file)
    return Finished(recipe_file, workspace)


def _write_reference(recipe: Recipe, workspace: Workspace) -> None:
    dataset = open_dataset(workspace)
    wanted = (*recipe.validation.splits, "validation")
    rows = np.concatenate([dataset.rows(split) for split in wanted])
    meta = ReferenceMeta(
        engine="TensorFlow",
        device="elsewhere",
        versions={},
        weights_sha256="0" * 64,
        preprocessing=recipe.network.preprocessing().digest(),
        thresholds={"cat": 0.7, "dog": 0.7, "food": 0.3},
        fp32_size_bytes=FLOAT.stat().st_size,
    )
    write_reference(
        workspace.validate / "reference.npz",
        ReferenceScores(
            scores=score(FLOAT, dataset.images(rows), recipe),
            identities=tuple(dataset.identities(rows)),
            tags=TAGS,
            split=tuple(dataset.manifest["split"][rows].to_list()),
            meta=meta,
            known=known_pictures(dataset, rows),
        ),
    )


def _write_csv(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def manifest_of(workspace: Workspace) -> pl.DataFrame:
    """Return what a run knows of its images, whatever their files are called."""
    return open_dataset(workspace).manifest.drop("path")
