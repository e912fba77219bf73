"""A file or folder that is no recipe is answered with what it is, and what takes it."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.errors import InputError
from edgetag.recipe import load_recipe, mistaken_folder
from tests.support.commands import ALL
from tests.support.paths import ROOT

COMMANDS = {" ".join(path) for path, _ in ALL}
TFLITE = ROOT / "tests" / "models" / "tiny_fp32.tflite"


def laid_out(folder: Path, name: str) -> Path:
    """Return a file of a kind that its name says."""
    path = folder / name
    match path.suffix:
        case ".npz":
            np.savez(path, scores=np.zeros(3))
        case ".zip":
            (bundle,) = (ROOT / "models" / "demo").glob("demo-*.zip")
            path.symlink_to(bundle)
        case ".tflite":
            path.symlink_to(TFLITE)
        case ".toml":
            path.touch()
        case ".csv":
            path.write_text("path,cat\na.png,1\n")
        case ".json" | ".jsonl":
            path.write_text('{"path": "a.png"}\n')
        case _:
            Image.new("RGB", (8, 8)).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "is_one", "command"),
    [
        ("model.tflite", "a TensorFlow Lite file", "edgetag validate file RECIPE"),
        ("bundle.zip", "a zip file", "edgetag bundle check"),
        ("reference.npz", "a file of NumPy arrays", "edgetag validate RECIPE --reference"),
        ("cat.png", "a picture", "edgetag tag MODEL"),
        ("cat.jpg", "a picture", "edgetag tag MODEL"),
        ("cat.webp", "a picture", "edgetag tag MODEL"),
        ("cat.gif", "a picture", "edgetag tag MODEL"),
        ("labels.csv", "a table", "edgetag recipe new recipe.toml --source"),
        ("labels.jsonl", "a table", "edgetag recipe new recipe.toml --source"),
        ("verdict.json", "a JSON file", ""),
        ("run.json", "a JSON file", "name the folder in which it lies"),
        ("recipe.toml", "an empty file", "edgetag recipe new recipe.toml"),
    ],
)
def test_a_file_of_another_kind_is_named_with_the_command_that_takes_it(
    name: str, is_one: str, command: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        load_recipe(laid_out(tmp_path, name))
    said = str(refused.value)
    wanted = "a recipe (a TOML file) or a run folder is wanted here"
    assert said.startswith(f"{tmp_path / name}: {is_one}; {wanted}")
    assert command in said
    for verbs in re.findall(r"edgetag ((?:[a-z]+ ){1,2})", said):
        first, _, rest = verbs.strip().partition(" ")
        assert {first, f"{first} {rest}"} & COMMANDS


def test_a_file_that_is_mistaken_is_quoted_for_a_shell(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"edgetag validate file RECIPE '.*/für Oma\.tflite'"):
        load_recipe(laid_out(tmp_path, "für Oma.tflite"))


def test_a_folder_that_is_no_run_is_answered_with_what_may_be_meant(tmp_path: Path) -> None:
    run, models, pictures, empty = (tmp_path / name for name in ("run", "models", "a b", "empty"))
    for folder in (run / "export", models, pictures, empty):
        folder.mkdir(parents=True)
    (run / "run.json").touch()
    (models / "my.toml").touch()
    laid_out(pictures, "cat.png")
    assert mistaken_folder(run / "export").endswith(f"a run folder, such as {run}")
    assert mistaken_folder(models).endswith(f"such as {models / 'my.toml'}")
    assert mistaken_folder(pictures).endswith(f"recipe new recipe.toml --source '{pictures}'")
    assert mistaken_folder(empty).endswith("name a recipe or a run folder")
