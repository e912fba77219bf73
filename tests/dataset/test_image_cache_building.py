"""The cache is the same whatever the number of workers, and a killed build goes on."""

import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from edgetag.cache_index import open_cache
from edgetag.dataset import build_cache, open_dataset
from edgetag.dataset.build_cache import inspect, write_cache
from edgetag.dataset.inspection import FileJob, Limits, PartFacts, pixels_path
from edgetag.dataset.stage import run
from edgetag.dependencies import dependencies_of
from edgetag.machine import cores
from edgetag.preprocess import Preprocessing, preprocess
from edgetag.progress import SilentProgress
from edgetag.recipe import load_recipe
from edgetag.workspace import Workspace
from tests.dataset.conftest import MakePicture, MakeTable
from tests.support.processes import descendants

QUIET = SilentProgress()
CONTRACT = Preprocessing(input_size=32)
LIMITS = Limits(10**6, 10**6)
LargeBuild = tuple[Path, list[str | Path], Workspace]


@pytest.fixture
def jobs(picture: MakePicture) -> list[FileJob]:
    return [
        FileJob(path.name, str(path), (None, (2, 2, 30, 30)))
        for path in (picture(f"{i:03d}.png", i, (40, 30)) for i in range(150))
    ]


def test_the_number_of_workers_changes_nothing(jobs: list[FileJob], tmp_path: Path) -> None:
    one = inspect(jobs, CONTRACT, LIMITS, tmp_path / "one", QUIET, workers=1)
    two = inspect(jobs, CONTRACT, LIMITS, tmp_path / "two", QUIET, workers=2)
    assert one.files == two.files
    assert one.folder is not None
    assert two.folder is not None
    assert one.part_files == two.part_files == (64, 64, 22)
    for part in range(3):
        first = pixels_path(one.folder, part).read_bytes()
        assert first == pixels_path(two.folder, part).read_bytes()


def test_shards_hold_the_chosen_rows_in_order_across_parts(
    jobs: list[FileJob], tmp_path: Path
) -> None:
    inspection = inspect(jobs, CONTRACT, LIMITS, tmp_path / "b", QUIET, workers=1)
    rows = [0, 1, 5, 127, 128, 200, 299]
    folder = write_cache(inspection, rows, CONTRACT, "f" * 64, QUIET, shard_images=3)
    cache = open_cache(folder)
    assert len(cache) == 7
    assert len(list(folder.glob("shard-*.npy"))) == 3
    for row, position in enumerate(rows):
        if position % 2 == 0:
            expected = preprocess(Path(jobs[position // 2].file), CONTRACT)
            np.testing.assert_array_equal(cache[np.array([row])][0], expected)


@pytest.mark.slow
def test_a_part_whose_file_changed_is_made_again(
    jobs: list[FileJob], tmp_path: Path, picture: MakePicture
) -> None:
    first = inspect(jobs, CONTRACT, LIMITS, tmp_path / "b", QUIET, workers=1)
    picture("000.png", 999, (40, 30))
    second = inspect(jobs, CONTRACT, LIMITS, tmp_path / "b", QUIET, workers=1)
    assert first.files[0].digest != second.files[0].digest
    assert first.files[1:] == second.files[1:]


def test_a_damaged_part_is_made_again(jobs: list[FileJob], tmp_path: Path) -> None:
    first = inspect(jobs, CONTRACT, LIMITS, tmp_path / "b", QUIET, workers=1)
    assert first.folder is not None
    pixels = pixels_path(first.folder, 1)
    whole = pixels.read_bytes()
    pixels.write_bytes(whole[:1000])
    second = inspect(jobs, CONTRACT, LIMITS, tmp_path / "b", QUIET, workers=1)
    assert pixels.read_bytes() == whole
    assert second == first


def test_unfinished_caches_of_other_data_are_removed(jobs: list[FileJob], tmp_path: Path) -> None:
    first = inspect(jobs, CONTRACT, LIMITS, tmp_path / "b", QUIET, workers=1)
    second = inspect(jobs[:10], CONTRACT, LIMITS, tmp_path / "b", QUIET, workers=1)
    assert first.folder is not None
    assert first.folder != second.folder
    assert not first.folder.exists()


def test_parts_of_another_decoder_are_made_again(
    jobs: list[FileJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = inspect(jobs, CONTRACT, LIMITS, tmp_path, QUIET, workers=1).folder
    other = replace(dependencies_of("edgetag.dataset.inspection"), packages={"pillow": "0"})
    monkeypatch.setattr(build_cache, "dependencies_of", lambda _: other)
    again = inspect(jobs, CONTRACT, LIMITS, tmp_path, QUIET, workers=1).folder
    assert again != folder
    assert list(tmp_path.glob("*/part-000000.npy")) == [pixels_path(Path(str(again)), 0)]


def test_facts_survive_their_json() -> None:
    facts = PartFacts(files=())
    assert PartFacts.from_json(facts.to_json(), "x") == facts


@pytest.fixture
def large_build(root: Path, table: MakeTable, tmp_path: Path) -> LargeBuild:
    """A recipe over 400 files that takes some seconds, a script that builds it, a run folder.

    The files hold one photo; bytes after its end make them different.
    """
    photo = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).resize((800, 800)).save(photo, "JPEG")
    names = [f"{i:04d}.jpg" for i in range(400)]
    for name in names:
        (root / name).write_bytes(photo.getvalue() + name.encode())
    table("t.csv", [("path", "cat"), *((name, i % 2) for i, name in enumerate(names))])
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "large"\n[data]\nsource = "data/t.csv"\ntags = ["cat"]\n'
        "[network]\ninput_size = 64\n"
    )
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    workspace = Workspace(tmp_path / "run")
    return recipe, [sys.executable, script, recipe, workspace.root], workspace


SCRIPT = """
import sys
from pathlib import Path
from edgetag.dataset import build_cache
from edgetag.dataset.stage import run
from edgetag.progress import SilentProgress
from edgetag.recipe import load_recipe
from edgetag.workspace import Workspace
if __name__ == "__main__":
    run(load_recipe(Path(sys.argv[1])), Workspace(Path(sys.argv[2])), SilentProgress())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.slow
def test_a_build_killed_at_any_moment_goes_on_and_leaves_no_process(
    root: Path, large_build: LargeBuild
) -> None:
    recipe_file, command, workspace = large_build
    process = subprocess.Popen(command)
    while not (done := list(workspace.dataset.glob("building/*/part-*.json"))):
        assert process.poll() is None
        time.sleep(0.01)
    workers = descendants(process.pid)
    process.kill()
    process.wait()
    assert workers or cores() == 1  # which builds by itself
    assert not workspace.cache.exists()
    deadline = time.monotonic() + 100
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)
    # A mark in a finished part shows that the second run takes it as it is.
    marked = done[0].with_suffix(".npy")
    pixels = np.load(marked)
    pixels[0] = 7
    np.save(marked, pixels)
    recipe = load_recipe(recipe_file)
    run(recipe, workspace, QUIET)
    dataset = open_dataset(workspace)
    first = int(marked.stem.partition("-")[2]) * build_cache.PART_PICTURES
    assert len(dataset.cache) == 400
    assert (dataset.images(np.array([first])) == 7).all()
    expected = preprocess(root / "0000.jpg", recipe.network.preprocessing())
    for pixels in dataset.images(np.array([first + 1, 399])):
        np.testing.assert_array_equal(pixels, expected)
    assert not (workspace.dataset / "building").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="counts on POSIX signals")
@pytest.mark.slow
def test_ctrl_c_ends_a_build_quickly_and_keeps_what_is_whole(large_build: LargeBuild) -> None:
    _, command, workspace = large_build
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    while not list(workspace.dataset.glob("building/*/part-*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    _, text = process.communicate(timeout=60)
    assert process.returncode != 0
    assert text.decode().count("Traceback") == 1  # the parent's own; workers say nothing
    assert list(workspace.dataset.glob("building/*/part-*.json"))


@pytest.mark.slow
def test_workers_start_without_polars_and_tensorflow() -> None:
    code = (
        "import sys, edgetag.dataset.inspection\n"
        "assert not {'polars', 'tensorflow'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
