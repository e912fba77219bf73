"""Whatever lies in a folder of pictures, `edgetag tag` ends, and says of each what it is."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.errors import InputError
from tests.support.header_only import header_only
from tests.tagging.conftest import BUNDLE


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return tmp_path


def errors(*more: str) -> dict[str, str | None]:
    """Tag the folder and return each row's error by its file's name."""
    done = CliRunner().invoke(app, ["tag", str(BUNDLE), "in", "-o", "out.parquet", *more])
    assert done.exit_code == 0, (done.output, done.exception)
    rows = pl.read_parquet("out.parquet").select("path", "error").rows()
    return {Path(path).name: error for path, error in rows}


def test_every_kind_of_bad_picture_is_a_row_with_its_reason(place: Path) -> None:
    folder = place / "in"
    Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(folder / "good.png")
    whole = (folder / "good.png").read_bytes()
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no picture")
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "bomb.png").write_bytes(header_only(8_000, 8_000))
    (folder / "renamed.jpg").write_bytes(whole)
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    (folder / "-rf.png").write_bytes(whole)
    (folder / "new\nline.png").write_bytes(whole)
    Image.new("CMYK", (9, 9)).save(folder / "cmyk.jpg")
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(folder / "deep.png")
    frames = [Image.new("P", (9, 9), shade) for shade in (3, 9)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    found = errors()
    assert set(found) == {path.name for path in folder.iterdir()} - {"folder.png"}
    reasons = {name: reason for name, reason in found.items() if reason}
    assert set(reasons) == {"empty.png", "text.jpg", "cut.png", "bomb.png", "pipe.png"}
    assert "the file is empty" in reasons["empty.png"]
    assert "not one of JPEG" in reasons["text.jpg"]
    assert reasons["cut.png"].startswith(("truncated", "unreadable"))
    assert "8000x8000 is over" in reasons["bomb.png"]
    assert "a named pipe" in reasons["pipe.png"]


def test_a_picture_that_goes_away_meanwhile_is_a_row(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save("in/a.png")
    shutil.copy("in/a.png", "in/b.png")
    real = os.walk

    def then_gone(*arguments: Any, **more: Any) -> Iterator[Any]:
        yield from list(real(*arguments, **more))
        Path("in/b.png").unlink()

    monkeypatch.setattr(os, "walk", then_gone)
    found = errors()
    assert found["a.png"] is None
    assert "No such file" in str(found["b.png"])


def test_an_output_that_cannot_be_written_is_one_sentence(place: Path) -> None:
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save("in/a.png")
    Path("full").touch()  # a file where a folder would have to be
    done = CliRunner().invoke(app, ["tag", str(BUNDLE), "in", "-o", "full/out.csv"])
    assert isinstance(done.exception, InputError)
    assert "full" in str(done.exception)
