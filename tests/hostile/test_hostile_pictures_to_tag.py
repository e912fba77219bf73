"""Whatever lies in a folder of pictures, `edgetag tag` ends, and says of each what it is."""

import hashlib
import io
import json
import os
import pickle
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag import Tagger
from edgetag.cli.app import app
from edgetag.tagging.engines import row_of
from edgetag.tagging.parts import Row
from tests.support.commands import refusal_of
from tests.support.header_only import header_only
from tests.support.paths import RELEASED


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tagger]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("proved")))
        opened = Tagger(RELEASED)
    with opened:
        yield opened


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return tmp_path


def errors(*more: str) -> dict[str, str | None]:
    """Tag the folder and return each row's error by its file's name."""
    done = CliRunner().invoke(app, ["tag", str(RELEASED), "in", "-o", "out.parquet", *more])
    assert done.exit_code == 0, (done.output, done.exception)
    rows = pl.read_parquet("out.parquet").select("path", "error").rows()
    return {Path(path).name: error for path, error in rows}


def picture(seed: int, size: int = 40) -> bytes:
    """Return a PNG of noise."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3))
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_output_that_cannot_be_written_is_one_sentence(place: Path) -> None:
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save("in/a.png")
    Path("full").touch()  # a file where a folder would have to be
    done = CliRunner().invoke(app, ["tag", str(RELEASED), "in", "-o", "full/out.csv"])
    assert "full" in refusal_of(done)


@pytest.mark.slow
def test_a_name_that_is_no_text_is_a_row_like_others(place: Path) -> None:
    Path(os.fsdecode(b"in/\xff\xfe.png")).write_bytes(picture(3))
    for suffix in ("csv", "jsonl", "parquet"):
        arguments = ["tag", str(RELEASED), "in", "-o", f"out.{suffix}", "--sidecars", "hydrus"]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, (done.output, done.exception)
    assert (
        Path("out.csv").read_text(encoding="utf-8").splitlines()[1].startswith("in/\\xff\\xfe.png,")
    )
    assert json.loads(Path("out.jsonl").read_text(encoding="utf-8"))["path"] == "in/\\xff\\xfe.png"
    assert pl.read_parquet("out.parquet")["path"].to_list() == ["in/\\xff\\xfe.png"]
    sidecar = Path(os.fsdecode(b"in/\xff\xfe.png.txt"))
    assert sidecar.exists()
    sidecar.write_text("of another program")
    done = CliRunner().invoke(
        app, ["tag", str(RELEASED), "in", "-o", os.fsdecode(b"\xff.csv"), "--json", *arguments[-2:]]
    )
    told = json.loads(done.stdout)
    assert told["out"] == "\\xff.csv"
    ((path, reason),) = told["without_sidecar"]
    assert (path, reason[:13]) == ("in/\\xff\\xfe.png", "\\xff\\xfe.png.")


@pytest.mark.slow
def test_the_digest_in_a_row_is_that_of_the_bytes_it_was_scored_by(
    tagger: Tagger, place: Path
) -> None:
    versions = [picture(1), picture(2, size=200)]
    expected = {
        hashlib.sha256(data).hexdigest(): tagger.tag(data).scores.tolist() for data in versions
    }
    file = place / "in" / "changing.png"
    file.write_bytes(versions[0])
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            for data in versions:
                file.write_bytes(data)
                done.wait(0.01)

    rows: list[Row] = []
    deadline = time.monotonic() + 60
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        # However busy the machine is, some are read while the file is whole.
        while len(rows) < 100 or not expected.keys() & {row.sha256 for row in rows}:
            assert time.monotonic() < deadline
            rows.append(row_of(tagger, file, lambda _: None))
        done.set()
        changing.result()
    whole = [row for row in rows if row.sha256 in expected]
    for row in whole:
        assert (row.error, row.scores.tolist()) == ("", expected[row.sha256])
    for row in rows:
        assert row in whole or row.error


@pytest.mark.slow
def test_a_bundle_that_is_replaced_meanwhile_changes_nothing(tagger: Tagger, place: Path) -> None:
    mine = place / "mine.zip"
    shutil.copy(RELEASED, mine)
    with Tagger(mine) as opened:
        mine.write_bytes(b"another file")
        np.testing.assert_array_equal(opened.tag(picture(5)).scores, tagger.tag(picture(5)).scores)
        assert opened.settings() == tagger.settings()
        again = pickle.loads(pickle.dumps(opened))  # noqa: S301 - our own, as workers get it
        mine.unlink()
        np.testing.assert_array_equal(again.tag(picture(5)).scores, tagger.tag(picture(5)).scores)
