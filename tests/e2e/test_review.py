"""From pictures over a page and a keyboard to a network: what people corrected is trained on."""

import sys
from pathlib import Path

import polars as pl
import pytest

from edgetag.children import python_environment
from edgetag.dataset.result import DatasetResult
from edgetag.workspace import Workspace
from tests.support.chromium import open_chromium
from tests.support.commands import invoked
from tests.support.programs import captured
from tests.support.reviewed import PENDING, ReviewedRun, ready, reviewing

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow, pytest.mark.timeout(600)]

RECIPE = """
name = "reviewed"
[data]
source = "{table}"
tags = ["circle", "square", "red"]
corrections = [{corrections}]
[network]
name = "mobilenet_v2"
width = 0.35
depth = 0.25
input_size = 64
[training]
batch_size = 32
phases = [{{ trains = "head", epochs = 1 }}]
"""


def build(recipe: Path, run: Path) -> None:
    code, told = invoked("data", "build", str(recipe), "--out", str(run))
    assert code == 0, told


def train(recipe: Path, run: Path) -> None:
    words = ["train", str(recipe), "--out", str(run)]
    command = [sys.executable, "-P", "-m", "edgetag.cli.main", *words]
    done = captured(command, env=python_environment())
    assert done.returncode == 0, done.stderr


def test_twenty_pictures_corrected_by_keyboard_are_what_the_next_network_learns(
    shapes: Path, tmp_path: Path
) -> None:
    run = ReviewedRun(tmp_path)
    run.recipe.write_text(RECIPE.format(table=shapes, corrections=""))
    build(run.recipe, run.workspace.root)
    browser = open_chromium(tmp_path / "profile")
    with reviewing(run) as server, browser.tab(server.url) as tab:
        ready(tab)
        tab.press(*"ann", "Enter")
        for _ in range(20):
            tab.press("3", "l")
        tab.wait_for(PENDING)
        tab.press("u")
        tab.wait_for("document.getElementById('said').textContent.startsWith('taken back')")
        views = server.pictures(state="answered")["pictures"]
    assert len(views) == 19
    answers = tmp_path / "answers.csv"
    run.do("export", "--to", answers)
    run.recipe.write_text(RECIPE.format(table=shapes, corrections='"answers.csv"'))
    build(run.recipe, tmp_path / "next")
    train(run.recipe, tmp_path / "next")
    after = Workspace(tmp_path / "next")
    corrections = DatasetResult.read(after.dataset / "summary.json", "data build").corrections
    assert corrections is not None
    assert (corrections.changed, corrections.people) == (19, ("ann",))
    manifest = pl.read_parquet(after.manifest).rows_by_key("identity", named=True, unique=True)
    for view in views:
        row = manifest[view["identity"]]
        assert row["tag:red"] == view["labels"][2]
        assert row["answered"] == ["red"]
    assert (after.train / "model.npz").exists()
    wide = tmp_path / "wide.csv"
    run.do("export", "--to", wide, "--format", "wide")
    root = f'corrections = []\nroot = "{shapes.parent}"'
    run.recipe.write_text(
        RECIPE.format(table=wide, corrections="").replace("corrections = []", root)
    )
    build(run.recipe, tmp_path / "wide")
    columns = ["identity", "split", "tag:circle", "tag:square", "tag:red"]
    tables = [pl.read_parquet(Workspace(tmp_path / name).manifest) for name in ("next", "wide")]
    first, second = (table.select(columns).sort("identity") for table in tables)
    assert first.equals(second), "all labels as corrected, in the same splits"
