"""What a file is by its first bytes, and how that is said."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.benchmarking.compare import read_benchmark
from edgetag.bundling.archive import open_archive
from edgetag.cli.stages import read_recipe
from edgetag.conversion.classifier import read_classifier
from edgetag.errors import InputError
from edgetag.recipe import load_recipe
from edgetag.tagging.opening import open_model
from edgetag.userfiles import Content, content_of, content_of_file
from edgetag.workspace import Workspace
from edgetag.writing import require_place, write_text
from tests.support.commands import invoked
from tests.support.paths import MODELS, RELEASED

TFLITE = MODELS / "tiny_fp32.tflite"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    Image.new("RGB", (8, 8)).save(path)
    return path


def test_files_are_known_by_their_first_bytes_whatever_they_are_called(tmp_path: Path) -> None:
    path = tmp_path / "any"
    with path.open("wb") as file:
        np.savez(file, scores=np.zeros(3))
    assert content_of_file(path) is Content.ARRAYS
    assert content_of_file(RELEASED) is Content.ZIP
    assert content_of_file(TFLITE) is Content.TFLITE
    assert content_of_file(tmp_path) is None
    assert content_of(b"\xef\xbb\xbf \n{}") is Content.JSON
    assert content_of(b"") is Content.EMPTY
    for text in (b'name = "RIFF"\n', b"[data]\n", b"BM\n", b"GIF8 = 1\n"):
        assert content_of(text) is None


def test_a_model_that_is_a_picture_or_empty_is_said_to_be_one(
    picture: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.zip").touch()
    with pytest.raises(InputError, match=r"cat\.png: a picture, not a model; give a bundle or"):
        open_model(picture)
    with pytest.raises(InputError, match=r"empty\.zip: an empty file, not a model"):
        open_model(tmp_path / "empty.zip")
    with pytest.raises(InputError, match=r"lacks the mark TFL3\); it is a zip file"):
        read_classifier(RELEASED, None, None)


def test_where_a_bundle_is_wanted_a_run_and_a_file_are_told_apart(
    picture: Path, tmp_path: Path
) -> None:
    for path, said in (
        (picture, "a picture, not a bundle"),
        (TFLITE, "a TensorFlow Lite file, not a bundle"),
        (Path(__file__), "no zip file, not a bundle"),
        (tmp_path / "none.zip", "there is no such bundle; edgetag bundle RECIPE makes one"),
    ):
        with pytest.raises(InputError, match=said), open_archive(path):
            pass
    run = tmp_path / "my run"
    run.mkdir()
    (run / "run.json").touch()
    with pytest.raises(InputError, match=r"make it with: edgetag bundle '.*/my run'"):
        open_bundle_file(run)
    (run / "bundle").mkdir()
    (run / "bundle" / "a.zip").touch()
    with pytest.raises(InputError, match=r"a run folder, not its bundle; .*/bundle/a\.zip"):
        open_bundle_file(run)


def open_bundle_file(path: Path) -> None:
    with open_archive(path):
        pass


def test_a_recipe_and_an_ensemble_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    recipe, ensemble = tmp_path / "recipe.toml", tmp_path / "both.toml"
    recipe.write_text('name = "x"\n[data]\nsource = "l.csv"\n')
    ensemble.write_text('[[models]]\nfile = "a.zip"\n')
    for verb in ("tag", "heatmap", "mosaic", "crop"):
        options = [] if verb == "tag" else ["--tag", "cat"]
        options += ["--shape", "1:1"] if verb == "crop" else []
        out = str(tmp_path / "out.csv")
        said = invoked(verb, str(recipe), str(recipe), "-o", out, *options)[1]
        assert "a recipe, not a model; give the bundle that its run made" in said
    with pytest.raises(InputError, match=r"an ensemble of models, not a recipe; .* validate file"):
        load_recipe(ensemble)


@pytest.mark.parametrize("place", ["taken/deeper/file.json", "taken/file.json"])
def test_what_lies_where_a_folder_is_to_be_is_named(place: str, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    for write in (require_place, lambda path: write_text(path, "x")):
        with pytest.raises(InputError, match=r"cannot be written: .*/taken is a file, not a folde"):
            write(tmp_path / place)


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    require_place(tmp_path / "file")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["kept"]


def test_what_is_no_benchmark_is_refused_by_what_it_is(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("")
    for path in (picture, TFLITE, tmp_path / "recipe.toml"):
        said = invoked("bench", "compare", str(path), str(path))[1]
        assert "a run folder, or the bench.json of one, is wanted here" in said


@pytest.mark.parametrize(
    "read", [read_recipe, open_model, open_bundle_file, read_benchmark, Workspace]
)
def test_what_lies_in_a_closed_folder_is_refused_in_words(read: Callable[[Path], object]) -> None:
    # pytest's folders are closed to the user that root becomes here.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "closed").mkdir(mode=0o000)
        am_root = os.geteuid() == 0
        if am_root:
            os.seteuid(65534)
        try:
            with pytest.raises(InputError, match=r"closed/it.*: (.* )?Permission denied"):
                read(folder / "closed" / "it.toml")
        finally:
            if am_root:
                os.seteuid(0)
