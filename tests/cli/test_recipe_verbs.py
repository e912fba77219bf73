"""`recipe new` and `recipe check` as a person meets them."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.recipe import load_recipe
from tests.support.commands import refusal_of


def test_a_recipe_for_a_table_names_its_tags_and_its_root(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for name in "abc":
        Image.new("RGB", (40, 40), (ord(name), 0, 0)).save(tmp_path / "pictures" / f"{name}.png")
    (tmp_path / "labels.csv").write_text("path,cat,dog\na.png,1,0\nb.png,,1\nc.png,0,1\n")
    path = tmp_path / "recipe.toml"
    done = CliRunner().invoke(app, ["recipe", "new", str(path), "--source", "labels.csv"])
    assert done.exit_code == 0, done.output
    assert "3 pictures of 2 tags (wide)" in done.stderr
    recipe = load_recipe(path)
    assert recipe.data.tags == ("cat", "dog")
    assert recipe.data.root == tmp_path / "pictures"
    assert recipe.warnings() == ()


@pytest.mark.parametrize("arguments", [[], ["--source", "gone"]])
def test_no_recipe_is_written_for_a_source_that_is_not_there(
    tmp_path: Path, arguments: list[str]
) -> None:
    path = tmp_path / "recipe.toml"
    done = CliRunner().invoke(app, ["recipe", "new", str(path), *arguments])
    assert "no such file or folder; --source names" in refusal_of(done)
    assert not path.exists()


def test_a_recipe_that_is_there_is_kept_and_the_source_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("mine")
    done = CliRunner().invoke(app, ["recipe", "new", str(path), "--source", "gone"])
    assert "exists already" in str(done.exception)
    assert path.read_text() == "mine"


def test_a_margin_that_cannot_fail_warns(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(
        'name = "x"\n[data]\nsource = "y"\ntags = ["a"]\n[budgets.fp32]\nmax_map_drop = 1.0\n'
    )
    done = CliRunner().invoke(app, ["recipe", "check", str(path)])
    assert done.exit_code == 0
    assert "warning" in done.stderr
    assert "budgets.fp32.max_map_drop = 1.0 can never be broken" in done.stderr
