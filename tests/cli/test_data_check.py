"""`data check` ends as `run` would, and `run` refuses before it trains."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag.cli.app import app
from tests.support.programs import captured

BUDGET = "[budgets.default]\nmax_map_drop = 0.1\n"


def edgetag(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return captured([sys.executable, "-m", "edgetag", *arguments], cwd=folder)


def make(folder: Path, splits: dict[str, int], budgets: str, absent_in_training: bool) -> None:
    """Write pictures, a table of two tags and a recipe."""
    random = np.random.default_rng(3)
    rows = []
    for split, count in splits.items():
        for number in range(count):
            name = f"{split}-{number}.png"
            coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(coarse).resize((40, 40)).save(folder / name)
            cat = int(number % 2 and not (absent_in_training and split == "train"))
            rows.append((name, split, cat, 1 - number % 2))
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "split", "cat", "dog"), *rows])
    (folder / "recipe.toml").write_text(
        'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["cat", "dog"]\n'
        f"[network]\ninput_size = 64\n{budgets}"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("splits", "absent", "said"),
    [
        ({"train": 5, "validation": 1, "test": 1}, False, "no tag can be scored on test"),
        ({"train": 8, "test": 60}, False, "no image of 68 is in split 'validation'"),
        ({"train": 8, "validation": 8}, False, "no image of 16 is in split 'test'"),
        ({"train": 8, "validation": 8, "test": 60}, True, "no training image has the tag 'cat'"),
    ],
)
def test_what_a_check_foresees_stops_a_run_before_it_trains(
    tmp_path: Path, splits: dict[str, int], absent: bool, said: str
) -> None:
    make(tmp_path, splits, BUDGET, absent)
    checked = edgetag(tmp_path, "data", "check", "recipe.toml", "--json")
    assert checked.returncode == 2, checked.stderr
    assert any(said in problem for problem in json.loads(checked.stdout)["problems"])
    assert not (tmp_path / "runs").exists()
    ran = edgetag(tmp_path, "run", "recipe.toml")
    assert ran.returncode == 2
    assert said in ran.stderr
    assert not list((tmp_path / "runs" / "x").glob("train/*"))


@pytest.mark.parametrize(
    ("budgets", "code"),
    [(BUDGET, 0), ("[budgets.default]\nmax_map_drop = 0.001\n", 3), ("", 3)],
)
def test_a_check_ends_as_the_pictures_let_a_run_end(
    tmp_path: Path, budgets: str, code: int
) -> None:
    make(tmp_path, {"train": 8, "validation": 8, "test": 80}, budgets, False)
    arguments = ["data", "check", str(tmp_path / "recipe.toml"), "--json"]
    checked = CliRunner().invoke(app, arguments)
    assert checked.exit_code == code, checked.output
    assert bool(json.loads(checked.stdout)["doubts"]) == (code == 3)


def test_what_recipe_new_writes_passes_the_check(tmp_path: Path) -> None:
    make(tmp_path, {"train": 8, "validation": 8, "test": 80}, "", False)
    recipe = tmp_path / "recipe.toml"
    recipe.unlink()
    written = CliRunner().invoke(app, ["recipe", "new", str(recipe), "--source", "labels.csv"])
    assert written.exit_code == 0, written.output
    checked = CliRunner().invoke(app, ["data", "check", str(recipe)])
    assert checked.exit_code == 0, checked.output


def test_a_column_of_groups_that_holds_labels_is_told(tmp_path: Path) -> None:
    make(tmp_path, {"train": 8, "validation": 8, "test": 80}, BUDGET, False)
    table = tmp_path / "labels.csv"
    head, *rows = table.read_text().splitlines()
    grouped = [f"{row},{number % 2}" for number, row in enumerate(rows)]
    table.write_text("\n".join([f"{head},group", *grouped]) + "\n")
    checked = CliRunner().invoke(app, ["data", "check", str(tmp_path / "recipe.toml"), "--json"])
    advice = json.loads(checked.stdout)["advice"]
    assert any("the column of groups holds 1 and 0 alone" in sentence for sentence in advice)


NAMED = """
[network]
name = "mobilenetv4_conv_small"
input_size = 64
weights = "gone.safetensors"
[teacher]
runs = ["no-run"]
pictures = "no-pictures"
[bundle]
golden_pictures = "no-folder"
attribution = "gone.md"
"""
SAID = ("gone.safetensors", "no-run", "no-pictures", "no-folder", "gone.md")


def test_files_that_a_recipe_names_beside_its_data_are_looked_at(tmp_path: Path) -> None:
    make(tmp_path, {"train": 8, "validation": 8, "test": 80}, BUDGET, False)
    recipe = tmp_path / "recipe.toml"
    text = recipe.read_text().replace("[network]\ninput_size = 64\n", NAMED)
    recipe.write_text(text)
    checked = CliRunner().invoke(app, ["data", "check", str(recipe), "--json"])
    assert checked.exit_code == 2, checked.output
    problems = json.loads(checked.stdout)["problems"]
    assert [name for name in SAID if not any(name in problem for problem in problems)] == []
    assert len(problems) == len(SAID)
    warned = CliRunner().invoke(app, ["recipe", "check", str(recipe)])
    assert warned.exit_code == 0, warned.output
    assert warned.stderr.count(f"warning: {recipe}: ") == len(SAID)
