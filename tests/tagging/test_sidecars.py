"""Sidecars hold the tags that are set, and never take the place of what a person wrote."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag import Tagger
from edgetag.cli.app import app
from tests.support.commands import refusal_of
from tests.support.paths import RELEASED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, color in (("a.png", 30), ("a.bmp", 200), ("b.png", 120)):
        Image.fromarray(np.full((40, 40, 3), color, np.uint8)).save(folder / name)
    return folder


def tag(folder: Path, style: str) -> dict[str, object]:
    options = ["--json", "--sidecars", style, "--threshold", "0.03"]
    done = CliRunner().invoke(
        app,
        ["tag", str(RELEASED), str(folder), "-o", str(folder.parent / "t.csv"), *options],
    )
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


@pytest.mark.slow
def test_hydrus_gets_a_line_for_each_tag(folder: Path) -> None:
    assert tag(folder, "hydrus")["sidecars"] == 3
    with Tagger(RELEASED, thresholds=0.03) as tagger:
        for picture in ("a.png", "a.bmp", "b.png"):
            tags = [row.tag for row in tagger.tag(folder / picture).all if row.is_set]
            assert (folder / f"{picture}.txt").read_text() == "".join(f"{tag}\n" for tag in tags)


def test_boorus_get_commas_and_a_name_that_two_want_is_told(folder: Path) -> None:
    result = tag(folder, "booru")
    assert result["sidecars"] == 2
    assert result["without_sidecar"] == [
        [str(folder / "a.png"), "a.bmp has the same sidecar, a.txt"]
    ]
    tags = (folder / "b.txt").read_text()
    assert ", " in tags
    assert tags.count("\n") == 1


def test_what_a_person_wrote_is_left(folder: Path) -> None:
    (folder / "b.png.txt").write_text("mine\n")
    (folder / "a.png.txt").mkdir()
    result = tag(folder, "hydrus")
    assert result["sidecars"] == 1
    assert (folder / "b.png.txt").read_text() == "mine\n"
    assert [reason for _, reason in result["without_sidecar"]] == [  # type: ignore[attr-defined]
        "a.png.txt is there already, with other tags",
        "b.png.txt is there already, with other tags",
    ]
    assert tag(folder, "hydrus")["sidecars"] == 1  # what is there with the same tags stays counted


def test_long_names_get_sidecars_as_far_as_there_is_room_and_end_nothing(folder: Path) -> None:
    fits, none = "写" * 82 + ".png", "写" * 83 + ".png"  # 250 and 253 bytes
    for name in (fits, none):
        (folder / name).write_bytes((folder / "a.png").read_bytes())
    result: dict[str, Any] = tag(folder, "hydrus")
    assert result["sidecars"] == 4
    ((path, reason),) = result["without_sidecar"]
    assert path == str(folder / none)
    assert "cannot be written: File name too long" in reason
    assert (folder / f"{fits}.txt").is_file()


def test_neither_page_nor_table_takes_the_place_of_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = tmp_path / "list.parquet"
    pl.DataFrame({"path": ["a.png"]}).write_parquet(named)
    for options, reason in (
        (["-o", "t.csv", "--report", "a.png"], "--report a.png: its name must end in .html"),
        (["-o", "t.csv", "--report", "t.csv"], "--report t.csv: its name must end in .html"),
        (["-o", f"{tmp_path}/./list.parquet"], "pictures are named in it; write the table to"),
    ):
        done = CliRunner().invoke(app, ["tag", str(RELEASED), str(named), *options])
        assert reason in refusal_of(done)


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    done = CliRunner().invoke(app, ["tag", str(RELEASED), str(tmp_path), "-o", "t.csv"])
    assert "no picture was named" in refusal_of(done)
