"""`edgetag tag`: a row for every picture in order, the same bytes however often it is killed."""

import copy
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from edgetag import Tagger
from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.preprocess import Rejection
from edgetag.progress import SilentProgress
from edgetag.screening.tagged import read_tagged
from edgetag.tagging import batch, engines
from edgetag.tagging.batch import BatchResult, require_table_name, tag_pictures
from edgetag.tagging.errors import PictureError
from edgetag.tagging.listing import list_pictures
from edgetag.workspace import digest_file
from tests.support.accelerators import RAN
from tests.support.commands import refusal_of
from tests.support.paths import RELEASED
from tests.support.stopped_batch import draw, stopped_after

QUIET = SilentProgress()


def tag(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["tag", str(RELEASED), *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw(tmp_path / "pictures", 20)
    return tmp_path / "pictures"


def test_a_batch_of_less_than_a_picture_a_second_does_not_claim_none() -> None:
    slow = BatchResult(out="t.csv", pictures=20, unreadable=0, reused=0, seconds=73.0)
    assert slow.sentence() == "t.csv: 20 pictures (1 min 13 s, 0.27 a second)"
    assert ", 9.5 a second" in slow.model_copy(update={"seconds": 2.1}).sentence()
    assert ", 200 a second" in slow.model_copy(update={"seconds": 0.1}).sentence()


@pytest.mark.slow
def test_rows_are_in_order_and_say_what_the_tagger_says(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    (folder / "00005.png").write_bytes(b"none")
    done = tag(folder, "-o", tmp_path / "out.parquet")
    assert done.exit_code == 0, done.output
    assert "20 pictures; 1 unreadable" in done.output
    table = pl.read_parquet(tmp_path / "out.parquet")
    files = sorted(folder.iterdir())
    assert table["path"].to_list() == [str(file) for file in files]
    for row, file in zip(table.iter_rows(named=True), files, strict=True):
        assert row["sha256"] == digest_file(file)
        scores = [row[f"score_{name}"] for name in tagger.tags]
        if file.name == "00005.png":
            assert row["error"].startswith("unreadable: not one of JPEG")
            assert (set(scores), row["tags"]) == ({None}, None)
            continue
        outcome = tagger.tag(file)
        assert scores == outcome.scores.tolist()
        assert row["tags"] == [tag.tag for tag in outcome.all if tag.is_set]


@pytest.mark.slow
def test_every_format_holds_the_same(folder: Path, tmp_path: Path) -> None:
    for suffix in ("csv", "jsonl", "parquet"):
        assert tag(folder, "-o", tmp_path / f"out.{suffix}").exit_code == 0
    table = pl.read_parquet(tmp_path / "out.parquet")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert pl.from_dicts(lines, schema=table.schema).equals(table)
    csv = pl.read_csv(
        tmp_path / "out.csv", schema_overrides={"tags": pl.String, "error": pl.String}
    )
    assert csv["path"].to_list() == table["path"].to_list()
    tags = [",".join(tags) for tags in table["tags"].to_list()]
    assert csv["tags"].fill_null("").to_list() == tags
    np.testing.assert_allclose(csv["score_cat"].to_numpy(), table["score_cat"].to_numpy())


def test_tags_with_commas_are_kept_apart_in_csv_and_not_written_for_boorus(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    names = ("a,b", "a", "b", '"c"', *tagger.tags[4:])
    renamed = copy.copy(tagger)
    thresholds = np.full(len(names), 0.02, np.float32)
    renamed.model = replace(tagger.model, tags=names, thresholds=thresholds)
    pictures = list_pictures([str(folder)]).pictures
    for suffix in (".csv", ".parquet"):
        tag_pictures(renamed, pictures, tmp_path / f"out{suffix}", QUIET)
    of_csv, known = (read_tagged(tmp_path / f"out{suffix}") for suffix in (".csv", ".parquet"))
    assert known.is_set["a,b"].any()
    assert (known.is_set["a,b"] != known.is_set["a"]).any()
    for name in names:
        np.testing.assert_array_equal(of_csv.is_set[name], known.is_set[name], name)
    with pytest.raises(InputError, match="the tag 'a,b' has a comma"):
        tag_pictures(renamed, pictures, tmp_path / "out.csv", QUIET, "booru")


def test_what_is_finished_is_deleted_with_the_parts(folder: Path, tmp_path: Path) -> None:
    tag(folder, "-o", tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "pictures"]


def test_equal_pictures_are_tagged_once(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "00000.png", folder / "copy.png")
    result = json.loads(tag(folder, "-o", tmp_path / "out.csv", "--workers", 1, "--json").stdout)
    assert (result["pictures"], result["reused"], result["unreadable"]) == (21, 1, 0)


def test_a_stopped_batch_goes_on_and_tags_nothing_twice(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    stopped_after(tagger, folder, out, 12)
    assert not out.exists()
    kept = len(pl.read_parquet(tmp_path / "out.parquet.parts" / "part-*.parquet"))
    assert kept == 12
    listed = list_pictures([str(folder)]).pictures
    result = tag_pictures(tagger, listed, out, QUIET)
    assert (result.pictures, result.reused) == (20, kept)
    undisturbed = tmp_path / "again.parquet"
    tag_pictures(tagger, listed, undisturbed, QUIET)
    assert out.read_bytes() == undisturbed.read_bytes()


def test_a_picture_that_changed_meanwhile_is_tagged_again(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    stopped_after(tagger, folder, out, 12)
    shutil.copy(folder / "00019.png", folder / "00000.png")
    tag_pictures(tagger, list_pictures([str(folder)]).pictures, out, QUIET)
    table = pl.read_parquet(out)
    assert table["sha256"][0] == table["sha256"][19] == digest_file(folder / "00019.png")


def test_a_picture_that_could_not_be_read_is_tried_again_when_a_batch_goes_on(
    tagger: Tagger, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> bytes:
        raise PictureError(Rejection.UNREADABLE, "the network is down")

    out = tmp_path / "out.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(engines, "bytes_of", fails)
        patch.setattr(batch, "_write", stopped)
        with pytest.raises(KeyboardInterrupt):
            tag_pictures(tagger, list_pictures([str(folder)]).pictures, out, QUIET)
    result = tag_pictures(tagger, list_pictures([str(folder)]).pictures, out, QUIET)
    assert (result.unreadable, result.reused) == (0, 0)


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_batch_of_other_settings_is_not_mixed_in(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    stopped_after(tagger, folder, out, 5)
    listed = list_pictures([str(folder)]).pictures
    with (
        Tagger(RELEASED, max_pixels=1024) as other,
        pytest.raises(InputError, match="an unfinished batch of another model, runtime or limit"),
    ):
        tag_pictures(other, listed, out, QUIET)


@pytest.mark.slow
def test_scaled_jpeg_is_said_in_what_it_made_and_mixed_with_nothing(
    tagger: Tagger, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    noise = Image.effect_noise((500, 400), 60).convert("RGB")
    noise.save(tmp_path / "in" / "large.jpg")
    noise.save(tmp_path / "in" / "large.png")
    tag(tmp_path / "in", "-o", tmp_path / "exact.parquet")
    done = tag(tmp_path / "in", "-o", tmp_path / "scaled.parquet", "--scaled-jpeg")
    assert "; large JPEG files scaled while decoding" in done.output
    exact, scaled = (
        pl.read_parquet(tmp_path / f"{name}.parquet").select(pl.selectors.starts_with("score_"))
        for name in ("exact", "scaled")
    )
    jpeg, png = range(2)
    assert exact.row(jpeg) != scaled.row(jpeg)
    assert exact.row(png) == scaled.row(png)
    result = json.loads(tag(tmp_path / "in", "-o", tmp_path / "out.csv", "--json").stdout)
    assert result["scaled_jpeg"] is False
    with Tagger(RELEASED, scaled_jpeg=True) as other:
        assert other.settings() == tagger.settings() | {"scaled_jpeg": True}


def test_parts_whose_settings_are_gone_are_never_taken_for_a_models(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    stopped_after(tagger, folder, out, 5)
    (tmp_path / "out.csv.parts" / "batch.json").unlink()
    result = tag_pictures(tagger, list_pictures([str(folder)]).pictures, out, QUIET)
    assert (result.pictures, result.reused) == (20, 0)


def test_a_damaged_part_is_told_with_what_to_do(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    stopped_after(tagger, folder, out, 5)
    (part,) = (tmp_path / "out.csv.parts").glob("part-*")
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"a damaged part of an unfinished batch: .* delete"):
        tag_pictures(tagger, list_pictures([str(folder)]).pictures, out, QUIET)


def test_two_commands_never_write_one_output(
    tagger: Tagger, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    refused = []

    def write(*_: object) -> None:
        with pytest.raises(InputError, match="another command writes this output") as error:
            tag_pictures(tagger, list_pictures([str(folder)]).pictures, out, QUIET)
        refused.append(error)

    monkeypatch.setattr(batch, "_write", write)
    tag_pictures(tagger, list_pictures([str(folder)]).pictures, out, QUIET)
    assert len(refused) == 1


@pytest.mark.parametrize("name", ["out", "out.xlsx", "out.CSV.gz"])
def test_an_output_of_no_known_format_is_refused_at_once(folder: Path, name: str) -> None:
    (folder / "notes.txt").touch()
    refused = tag(folder, "-o", folder / name)
    assert "its name must end in one of .csv, .jsonl, .parquet" in refusal_of(refused)
    assert not refused.stderr, "nothing was listed for it"


def test_a_table_is_written_to_no_address() -> None:
    with pytest.raises(InputError, match=r"s3:/bucket/out\.csv: an address; .* on this machine"):
        require_table_name(Path("s3://bucket/out.csv"))
    require_table_name(Path("a:b/out.csv"))


@pytest.mark.parametrize(("odd", "end"), [("new\nline.png", "\0"), ("a b.png", "\r\n")])
def test_names_come_from_stdin_too(folder: Path, tmp_path: Path, odd: str, end: str) -> None:
    shutil.copy(folder / "00000.png", folder / odd)
    names = [folder / "00003.png", folder / odd, folder / "00001.png"]
    done = CliRunner().invoke(
        app,
        ["tag", str(RELEASED), "-", "-o", str(tmp_path / "out.parquet")],
        input="".join(f"{name}{end}" for name in names),
    )
    assert done.exit_code == 0, done.output
    assert pl.read_parquet(tmp_path / "out.parquet")["path"].to_list() == list(map(str, names))


def test_archives_are_read_without_unpacking(tagger: Tagger, folder: Path, tmp_path: Path) -> None:
    files = sorted(folder.iterdir())
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../up.png", files[0].read_bytes())
        packed.writestr("notes.txt", "no picture")
        packed.writestr("bomb.png", b"\0" * 3_000_000)
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as tar:
        tar.add(files[1], "sub/1.png")
        link = tarfile.TarInfo("sub/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("sub/empty.png"), io.BytesIO())
    listing = list_pictures([str(tmp_path / "a.zip"), str(tmp_path / "b.tar.gz")])
    assert listing.passed_over == 1
    tag_pictures(tagger, listing.pictures, tmp_path / "out.parquet", QUIET)
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert [path.removeprefix(f"{tmp_path}/") for path in table["path"]] == [
        "a.zip/../up.png",
        "a.zip/bomb.png",
        "b.tar.gz/sub/1.png",
        "b.tar.gz/sub/link.png",
        "b.tar.gz/sub/empty.png",
    ]
    assert table["sha256"][0] == digest_file(files[0])
    assert table["sha256"][2] == digest_file(files[1])
    assert "it claims 3000000 bytes" in table["error"][1]
    assert "a link that leads to no file in the archive" in table["error"][3]
    assert "the file is empty" in table["error"][4]
    assert not (tmp_path.parent / "up.png").exists()


def test_two_members_of_one_name_are_two_pictures(
    tagger: Tagger, folder: Path, tmp_path: Path
) -> None:
    pictures = [Image.new("RGB", (40, 30), color) for color in ("red", "blue")]
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        for picture in pictures:
            file = io.BytesIO()
            picture.save(file, "BMP")
            member = tarfile.TarInfo("a.bmp")
            member.size = len(file.getvalue())
            packed.addfile(member, io.BytesIO(file.getvalue()))
    listing = list_pictures([str(tmp_path / "a.tar")])
    tag_pictures(tagger, listing.pictures, tmp_path / "out.parquet", QUIET)
    assert pl.read_parquet(tmp_path / "out.parquet")["sha256"].n_unique() == 2


def kill_at_random(arguments: list[str], out: Path, moments: int, seed: int) -> int:
    """Start a command and kill it, each time later, then let it end; count how often it was hit."""
    chance, hit = random.Random(seed), 0
    command = [sys.executable, "-m", "edgetag", "tag", str(RELEASED), *arguments, "-o", str(out)]
    for number in range(moments):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        parts = out.with_name(f"{out.name}.parts")
        while process.poll() is None and not parts.exists():
            time.sleep(0.01)
        time.sleep((number + chance.random()) / moments * 0.6)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            hit += 1
        process.wait()
        if process.returncode == 0:
            out.unlink()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    return hit


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_any_moment_the_bytes_are_those_of_an_undisturbed_run(tmp_path: Path) -> None:
    draw(tmp_path / "pictures", 600)
    arguments = [str(tmp_path / "pictures")]
    hit = kill_at_random(arguments, tmp_path / "killed.parquet", 6, seed=1)
    kill_at_random(arguments, tmp_path / "whole.parquet", 0, seed=1)
    assert hit >= 3
    assert (tmp_path / "killed.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert not (tmp_path / "killed.parquet.parts").exists()


@pytest.mark.slow
def test_measuring_writes_nothing_and_times_pictures_that_differ(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "00000.png", folder / "copy.png")
    (folder / "bad.png").write_bytes(b"none")
    done = tag(folder, "--measure", "--json")
    assert done.exit_code == 0, done.output
    rate = json.loads(done.stdout)
    assert (rate["pictures"], rate["rounds"]) == (20, 5)
    assert (rate["runtime"], rate["accelerator"]) == ("litert", RAN.model_dump())
    separate = 1 / rate["decode_per_s"] + 1 / rate["infer_per_s"]
    assert rate["bound_per_s"] == pytest.approx(1 / separate, rel=0.5)
    assert rate["decode_scaled_per_s"] > 0
    low, high = rate["ratios"]
    assert 0 < low <= rate["ratio"] <= high
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures"]


@pytest.mark.parametrize("options", [[], ["--measure", "-o", "out.csv"]])
def test_a_table_or_a_measurement_is_asked_for(folder: Path, options: list[str]) -> None:
    refused = tag(folder, *options)
    assert "one of the two" in refusal_of(refused)


@pytest.mark.parametrize(
    "options", [["--on", "ray"], ["--sidecars", "hydrus"], ["--report", "tags.html"]]
)
def test_a_measurement_is_not_asked_for_what_it_does_not_do(
    folder: Path, options: list[str]
) -> None:
    refused = tag(folder, "--measure", *options)
    assert "leave --on, --sidecars, --report out" in refusal_of(refused)
