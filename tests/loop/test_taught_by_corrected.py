"""The circle with teachers: two networks learn from corrected labels, and teach a smaller one."""

from pathlib import Path

import polars as pl
import pytest

from edgetag.dataset import open_dataset
from edgetag.dataset.answers import Answer, answers_csv
from edgetag.pipeline import run_until
from edgetag.recipe import parse_recipe
from edgetag.training.result import TrainResult
from edgetag.workspace import Workspace
from tests.support.drawn_shapes import draw_shapes
from tests.support.small_run import Lines

RECIPE = """
name = "circle"
seed = {seed}
[data]
source = "pictures/labels.csv"
tags = ["circle", "square", "red"]
corrections = ["answers.csv"]
[network]
name = "mobilenet_v2"
width = {width}
depth = 0.25
input_size = 64
[training]
phases = [{{ trains = "all", epochs = 1, learning_rate = 3e-3 }}]
"""
TAUGHT = """
[teacher]
runs = ["first", "second"]
"""
SPLITS = ["train"] * 32 + ["validation"] * 16 + ["test"] * 16


@pytest.mark.slow
@pytest.mark.tensorflow
def test_two_networks_of_corrected_labels_teach_a_smaller_one(tmp_path: Path) -> None:
    table = draw_shapes(tmp_path / "pictures", len(SPLITS), size=64)
    labels = pl.read_csv(table).with_columns(pl.Series("split", SPLITS))
    turned = labels.filter(pl.col("split") == "train", pl.col("red").is_not_null())[:8]
    labels.write_csv(table)
    answers = [
        Answer("", row["path"], "red", 1 - row["red"], "ann", "") for row in turned.to_dicts()
    ]
    (tmp_path / "answers.csv").write_text(answers_csv(answers))
    results, said = {}, {}
    for name, seed, width, more in (
        ("first", 1, 0.5, ""),
        ("second", 2, 0.5, ""),
        ("student", 1, 0.35, TAUGHT),
    ):
        text = RECIPE.format(seed=seed, width=width) + more
        recipe, workspace = parse_recipe(text, tmp_path / "recipe.toml"), Workspace(tmp_path / name)
        run_until("train", recipe, workspace, progress := Lines())
        results[name] = TrainResult.read(workspace.train / "train.json", "train")
        said[name] = [line for line in progress.lines if line.startswith("taught by")]
        manifest = open_dataset(workspace).manifest
        corrected = dict(manifest.select("path", "tag:red").iter_rows())
        assert all(corrected[row["path"]] == 1 - row["red"] for row in turned.to_dicts())
    teachers = "taught by mobilenet_v2, mobilenet_v2"
    assert said == {"first": [], "second": [], "student": [teachers]}
    assert results["first"].weights_sha256 != results["second"].weights_sha256
    assert results["student"].parameters < results["first"].parameters
