"""The contact sheet."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.dataset import open_dataset
from edgetag.dataset.preview import write_contact_sheet
from edgetag.dataset.stage import run
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.workspace import Workspace


@pytest.mark.slow
def test_a_sheet_shows_positives_of_every_tag_and_is_the_same_every_time(
    shapes: Path, tmp_path: Path
) -> None:
    recipe = parse_recipe(
        f'name = "x"\n[data]\nsource = "{shapes}"\ntags = ["circle", "square", "red"]\n'
        '[network]\nname = "mobilenet_v2"\ninput_size = 64\n',
        tmp_path / "recipe.toml",
    )
    workspace = Workspace(tmp_path / "run")
    run(recipe, workspace, SilentProgress())
    dataset = open_dataset(workspace)
    for name in ("a.png", "b.png"):
        write_contact_sheet(dataset, tmp_path / name, "train", 5, seed=1)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    sheet = np.asarray(Image.open(tmp_path / "a.png"))
    rows = dataset.rows("train")
    images = dataset.images(rows)
    labels = dataset.labels(rows)
    for line in range(3):
        first = sheet[4 + line * 68 : 68 + line * 68, 150:214]
        (match,) = np.flatnonzero((images == first).all(axis=(1, 2, 3)))[:1]
        assert labels[match, line] == 1
