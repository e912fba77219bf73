"""The contact sheet."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import get_data_path
from PIL import Image

from edgetag.dataset import open_dataset
from edgetag.dataset.preview import write_contact_sheet
from edgetag.dataset.stage import run
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.workspace import Workspace
from tests.support.commands import invoked
from tests.support.reviewed import make_reviewed


def test_names_that_are_not_ascii_are_written_in_a_font_that_has_them_or_told(
    tmp_path: Path,
) -> None:
    run = make_reviewed(tmp_path, count=4, findings=0, tags=("кот", "猫"))
    dataset = open_dataset(run.workspace)
    (tmp_path / "none.ttf").write_bytes(b"no font")
    latin, more = (f"{get_data_path()}/fonts/ttf/{name}.ttf" for name in ("cmr10", "DejaVuSans"))
    captions = []
    for fonts, unwritten in (((latin,), ("кот", "猫")), ((latin, more), ("猫",))):
        fonts = (str(tmp_path / "none.ttf"), *fonts)
        sheet = tmp_path / f"{len(fonts)}.png"
        assert write_contact_sheet(dataset, sheet, "train", 2, 1, fonts) == unwritten
        captions.append(np.asarray(Image.open(sheet).convert("L"))[:, :150] < 128)
    boxes, words = captions
    assert (boxes != words)[:68].any()
    assert (boxes == words)[68:].all()
    code, said = invoked("data", "preview", str(run.recipe), "--out", str(run.workspace.root))
    assert code == 0
    assert "кот" not in said


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
