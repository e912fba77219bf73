"""A repository of an app whose CI judges a model: pictures, labels, recipe, reference, a file."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image
from typer.testing import CliRunner, Result

from edgetag.cli.app import app
from edgetag.recipe import parse_recipe
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import decode, encode, encoding_table
from edgetag.runtimes.inference import run_once
from edgetag.validation.scores import KnownPictures, ReferenceMeta, ReferenceScores, write_reference
from edgetag.workspace import digest_file
from tests.support.paths import MODELS

TAGS = ("cat", "dog", "food")
TEST, VALIDATION = 120, 30
RECIPE = """
name = "app"
[data]
source = "pictures/labels.csv"
tags = ["cat", "dog", "food"]
[network]
input_size = 64
[export]
variants = ["fp32", "fp16", "int8"]
[validation]
runtimes = ["litert"]
min_positives = 10
bootstrap_samples = 200
[budgets.default]
max_map_drop = 0.6
[budgets.int8]
max_map_drop = 0.5
max_size_ratio = 0.9
[bundle]
variants = ["int8"]
"""


class AppRepository:
    """What the CI of an app has; its commands are those that the README names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.toml"
        self.reference = folder / "reference.npz"
        self.baseline = folder / "baseline.json"
        self.model = folder / "model.tflite"
        self.out = folder / "ci"

    def validate(self, *more: object, model: Path | None = None, name: str = "") -> Result:
        file = model or self.model
        return self.edgetag(
            "validate",
            "file",
            self.recipe,
            f"{name}={file}" if name else file,
            "--reference",
            self.reference,
            "--out",
            self.out,
            *more,
        )

    def edgetag(self, *arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    def accept(self) -> None:
        assert self.validate().exit_code == 0
        done = self.edgetag("baseline", "accept", self.recipe, "--out", self.out, "--reason", "r")
        assert done.exit_code == 0, done.output

    def verdict(self) -> Any:
        return json.loads((self.out / "validate" / "verdict.json").read_text())

    def labels(self) -> pl.DataFrame:
        return pl.read_csv(self.folder / "pictures" / "labels.csv")

    def relabel(self, table: pl.DataFrame) -> None:
        table.write_csv(self.folder / "pictures" / "labels.csv")


def make_app_repository(folder: Path) -> AppRepository:
    """Write 120 pictures to test and 30 to fit thresholds on, labelled by noisy float scores."""
    made = AppRepository(folder)
    generator = np.random.default_rng(5)
    count = TEST + VALIDATION
    pixels = generator.integers(0, 256, (count, 1, 1, 3)) + generator.integers(
        -60, 60, (count, 64, 64, 3)
    )
    pixels = pixels.clip(0, 255).astype(np.uint8)
    recipe = parse_recipe(RECIPE, made.recipe)
    contract = recipe.network.preprocessing()
    session = engines.loader("litert").load(MODELS / "tiny_fp32.tflite", threads=1)
    table = encoding_table(contract, session.input)
    scores = np.stack(
        [decode(run_once(session, encode(image[None], table)), session.output) for image in pixels]
    )
    noisy = scores + generator.normal(0, 0.02, scores.shape)
    labels = (noisy > np.quantile(noisy, 0.7, axis=0)).astype(np.int8)
    (folder / "pictures").mkdir(parents=True)
    names = [f"{number:03d}.png" for number in range(count)]
    for name, image in zip(names, pixels, strict=True):
        Image.fromarray(image).save(folder / "pictures" / name)
    splits = ["test"] * TEST + ["validation"] * VALIDATION
    columns = {tag: labels[:, column] for column, tag in enumerate(TAGS)}
    made.relabel(pl.DataFrame({"path": names, "split": splits} | columns))
    made.recipe.write_text(RECIPE)
    shutil.copy(MODELS / "tiny_int8_uint8.tflite", made.model)
    meta = ReferenceMeta(
        engine="TensorFlow",
        device="elsewhere",
        versions={},
        weights_sha256="0" * 64,
        preprocessing=contract.digest(),
        thresholds={"cat": 0.7, "dog": 0.7, "food": 0.3},
        fp32_size_bytes=(MODELS / "tiny_fp32.tflite").stat().st_size,
    )
    reference = ReferenceScores(
        scores=scores,
        identities=tuple(digest_file(folder / "pictures" / name) for name in names),
        tags=TAGS,
        split=tuple(splits),
        meta=meta,
        known=KnownPictures(labels, tuple(names)),
    )
    write_reference(made.reference, reference)
    return made
