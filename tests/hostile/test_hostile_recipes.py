"""Files that are no recipe get one clear message."""

import os
import random
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.recipe import load_recipe
from edgetag.workspace import Workspace


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"name = ", "not valid TOML"),
        (b"", "an empty file"),
        (b"# all is missing", "missing; add it"),
        (b'name = "x"\nname = "y"\n', "not valid TOML"),
        (b"data = 3\nname = 'x'\n", "data"),
        (b"[data]\nsource = 3\n", "data.source"),
        (b"a" * 1_000_001, "this is no recipe"),
        (random.Random(0).randbytes(100) + b"\xff", "no"),
        (b"[" * 5000, "not valid TOML"),
        (b"name = " + b"[" * 5000, "not valid TOML"),
        (b"name = " + b"9" * 5000, "not valid TOML"),
    ],
)
def test_a_malformed_recipe_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        load_recipe(path)


def test_a_value_of_any_length_is_shown_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(f'name = "x"\n[data]\nsource = "t"\ntags = "{"cat " * 1000}"\n')
    with pytest.raises(InputError, match="list in brackets") as refused:
        load_recipe(path)
    assert len(str(refused.value)) < 500


def test_a_missing_recipe_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="edgetag recipe new"):
        load_recipe(tmp_path / "none.toml")


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder, not a file"):
        load_recipe(tmp_path)


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "x"\r\n[data]\r\nsource = "l.csv"\r\n')
    assert load_recipe(path).name == "x"


def test_paths_that_no_file_can_have_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    recipe = tmp_path / "recipe.toml"
    for place in ("labels\\u0000.csv", "loop"):
        recipe.write_text(f'name = "x"\n[data]\nsource = "{place}"\ntags = ["cat"]\n')
        with pytest.raises(InputError, match=r"recipe\.toml: '.*' is no path: .*; name a file"):
            load_recipe(recipe)


def test_folders_whose_name_is_no_text_are_refused_before_any_work(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"b\xffad")
    folder.mkdir()
    (folder / "recipe.toml").write_text('name = "x"\n[data]\nsource = "y"\ntags = ["a"]\n')
    for refuse in (lambda: load_recipe(folder / "recipe.toml"), lambda: Workspace(folder / "run")):
        with pytest.raises(InputError, match=r"b\?ad.*is not UTF-8; rename it"):
            refuse()
