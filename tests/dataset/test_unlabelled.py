"""Pictures of a folder without labels, beside those of the data."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.dataset import open_dataset, stage
from edgetag.dataset.check import check
from edgetag.dataset.unlabelled import UNLABELLED, joined, place_of
from edgetag.dataset.unlabelled_files import open_named
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, load_recipe
from edgetag.workspace import Workspace

SIZE = 64


def write(folder: Path, *colors: int) -> None:
    """Write pictures, each by its number."""
    for color in colors:
        folder.mkdir(exist_ok=True)
        pixels = np.random.default_rng(color).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{color}.png")


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """A recipe with three pictures, and four more, of which it has two, in `more`."""
    write(tmp_path / "own", 1, 2, 3)
    write(tmp_path / "more", 2, 4, 3, 5)
    table = "path,split,cat\nown/1.png,train,1\nown/2.png,validation,0\nown/3.png,test,1\n"
    (tmp_path / "labels.csv").write_text(table)
    (tmp_path / "recipe.toml").write_text(f"""name = "x"
[data]
source = "labels.csv"
tags = ["cat"]
[network]
input_size = {SIZE}
[teacher]
runs = ["teacher"]
pictures = "more"
""")
    return load_recipe(tmp_path / "recipe.toml")


def test_pictures_that_the_data_has_are_left_out_and_the_others_follow_its_own(
    recipe: Recipe, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "run")
    stage.run(recipe, workspace, SilentProgress())
    own = open_dataset(workspace)
    assert own.splits() == ("test", "train", "validation")
    both = joined(own, open_dataset(place_of(workspace)))
    rows = both.rows(UNLABELLED)
    assert both.paths(rows) == ["4.png", "5.png"]
    assert (both.labels(rows) == -1).all()
    mixed = np.array([4, 0, 3, 2])
    files = [tmp_path / name for name in ("more/5.png", "own/1.png", "more/4.png", "own/3.png")]
    for image, file in zip(both.images(mixed), files, strict=True):
        np.testing.assert_array_equal(image, np.asarray(Image.open(file)))

    none = recipe.replace(teacher=type(recipe.teacher)())
    stage.run(none, workspace, SilentProgress())
    assert not place_of(workspace).root.exists()


def test_a_picture_of_which_the_data_has_a_region_is_left_out_too(
    recipe: Recipe, tmp_path: Path
) -> None:
    table = "path,box,split,cat\nown/1.png,,train,1\nown/2.png,,validation,0\n"
    (tmp_path / "labels.csv").write_text(table + "own/3.png,0 0 32 32,test,1\n")
    section = recipe.data.replace(crop_column="box")
    workspace = Workspace(tmp_path / "run")
    stage.run(recipe.replace(data=section), workspace, SilentProgress())
    both = joined(open_dataset(workspace), open_dataset(place_of(workspace)))
    assert both.paths(both.rows(UNLABELLED)) == ["4.png", "5.png"]


def test_a_changed_picture_makes_the_data_anew(recipe: Recipe, tmp_path: Path) -> None:
    before = stage.inputs_fingerprint(recipe)
    assert stage.inputs_fingerprint(recipe) == before
    os.utime(tmp_path / "more" / "4.png", ns=(1, 1))
    assert stage.inputs_fingerprint(recipe) != before


def test_folders_without_pictures_that_can_be_used_are_refused(
    recipe: Recipe, tmp_path: Path
) -> None:
    folder, progress = tmp_path / "more", SilentProgress()
    workspace = Workspace(tmp_path / "run")
    for file in folder.iterdir():
        file.rename(folder / f".{file.name}")
    (folder / "text.txt").write_text("no picture")
    with pytest.raises(InputError, match=r"teacher.pictures: .*more: no picture in it \("):
        stage.run(recipe, workspace, progress)
    (folder / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"not one of 1 rows gives a usable image") as refused:
        stage.run(recipe, workspace, progress)
    report = check(recipe, progress)
    assert str(refused.value) in report.problems
    assert [image.path for image in report.dropped] == ["broken.png"]
    (folder / "broken.png").unlink()
    (folder / "out.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(InputError, match=r"leaves .*more; put copies in place of") as refused:
        stage.run(recipe, workspace, progress)
    assert str(refused.value) in "\n".join(check(recipe, progress).problems)
    folder.rename(tmp_path / "gone")
    with pytest.raises(InputError, match=r"teacher.pictures: .*more: not a folder"):
        stage.run(recipe, workspace, progress)


def test_of_named_folders_links_that_lead_out_are_passed_over_and_files_are_named_whole(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("outside.png", "pictures/inside.png"):
        (tmp_path / name).write_bytes(b"")
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "elsewhere").symlink_to(tmp_path)
    (folder / ".hidden").symlink_to(tmp_path)
    sources = open_named([folder, folder / "inside.png"], 2)
    assert [f"/{job.path}" for job in sources.jobs] == [str(folder / "inside.png")]
    assert sources.passed_over() == "not looked into: 1 linked folder; name what they lead to"
