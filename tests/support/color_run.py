"""A run folder of real pictures and a network that tells colours, made without TensorFlow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edgetag.conversion.flatfile import operators, pack_model, read_model
from edgetag.dataset import Dataset, open_dataset
from edgetag.dataset import stage as dataset_stage
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.training.result import Thresholds
from edgetag.workspace import Workspace
from tests.support.run_folders import FLOAT, INT8, tiny_recipe, write_export

TAGS = ("red", "blue", "green")
RECIPE = tiny_recipe(
    "colors",
    """[validation]
min_positives = 5
bootstrap_samples = 100
[explain]
layer_images = 6
preprocessing_images = 36
[bundle]
variant = "{bundle}"
""",
    TAGS,
).replace("labels.csv", "data/labels.csv")


class Told(SilentProgress):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)


@dataclass(frozen=True)
class ColorRun:
    """A workspace as the export stage leaves it."""

    recipe: Recipe
    workspace: Workspace

    @property
    def dataset(self) -> Dataset:
        return open_dataset(self.workspace)

    @property
    def images(self) -> Path:
        return self.recipe.data.source.parent

    def replace_model(self, variant: str, content: bytes) -> None:
        """Put another file in a variant's place, as if it had been exported so."""
        (self.workspace.export / f"{variant}.tflite").write_bytes(content)
        write_export(self.workspace)


def color_model() -> bytes:
    """Return a network whose three scores are how red, blue and green a picture is.

    The tiny network's stem takes differences of colours, averaged over 5x5 pixels; its head lets
    them through one by one.
    """
    model = read_model(FLOAT)
    graph = model.subgraphs[0]
    stem, cam = [o for o in operators(model, graph) if o.name == "CONV_2D"]
    kernel = np.zeros((8, 5, 5, 3), np.float32)
    kernel[0, ..., :] = (1, -0.5, -0.5)
    kernel[1, ..., :] = (-0.5, -0.5, 1)
    kernel[2, ..., :] = (-0.5, 1, -0.5)
    head = np.zeros((3, 1, 1, 8), np.float32)
    head[(0, 1, 2), 0, 0, (0, 1, 2)] = 4
    for tensor, values in ((stem.inputs[1], kernel / 25), (cam.inputs[1], head)):
        stored: Any = model.buffers[graph.tensors[tensor].buffer]
        stored.data = np.frombuffer(values.tobytes(), np.uint8)
    return pack_model(model)


def draw_pictures(folder: Path) -> None:
    """Draw 45 fields of red, blue or green and of many shapes, noisy, with a table of labels."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(4)
    rows = ["path,split,red,blue,green"]
    for number in range(45):
        tag = number % 3
        width, height = generator.integers(70, 200, 2)
        field = generator.integers(0, 60, (height, width, 3))
        field[..., (0, 2, 1)[tag]] += generator.integers(60, 180)
        Image.fromarray(field.astype(np.uint8)).save(folder / f"{number:02d}.png")
        split = "test" if number < 39 else "train"
        rows.append(f"{number:02d}.png,{split},{','.join(str(int(tag == t)) for t in range(3))}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")


def make_color_run(folder: Path, bundle: str = "fp32") -> ColorRun:
    """fp32 tells colours; int8 is the tiny network with its random weights."""
    draw_pictures(folder / "data")
    recipe = parse_recipe(RECIPE.format(bundle=bundle), folder / "recipe.toml")
    workspace = Workspace(folder / "run")
    dataset_stage.run(recipe, workspace, SilentProgress())
    thresholds = Thresholds(
        policy="fixed", split="validation", thresholds=dict.fromkeys(TAGS, 0.55)
    )
    thresholds.write(workspace.train / "thresholds.json")
    workspace.export.mkdir()
    (workspace.export / "fp32.tflite").write_bytes(color_model())
    (workspace.export / "int8.tflite").write_bytes(INT8.read_bytes())
    write_export(workspace)
    return ColorRun(recipe, workspace)
