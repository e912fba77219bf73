"""The page of `edgetag tag --report`: what the table says, drawn; any name is safe in it."""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag import Tagger
from edgetag.bundling.released import ReleasedCurve, read_released
from edgetag.cli.app import app
from edgetag.progress import SilentProgress
from edgetag.tagging.batch import tag_pictures
from edgetag.tagging.listing import list_pictures
from edgetag.tagging.report import Judged, judged_by, write_tags_page
from edgetag.validation.operating import CURVE_SCORES
from tests.support.chromium import open_chromium
from tests.support.parsed_page import Page
from tests.support.paths import MODELS, RELEASED

SCRIPT = "<script>alert(1)</script>"
TINY = MODELS / "tiny_explain_int8_uint8.tflite"
"""Of three tags: most of a page's work is a drawing of each."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures, a copy of one, an empty file and a text."""
    root = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(4)
    for number in range(10):
        pixels = random.integers(0, 256, (24, 24, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(root / f"{number}.png")
    shutil.copy(root / "0.png", root / "copy.png")
    (root / "empty.png").touch()
    (root / f"{SCRIPT[1:7]}.png").write_text("no picture")
    return root


@pytest.fixture(scope="module")
def tiny(cache: Path) -> Iterator[Tagger]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        opened = Tagger(TINY, tags=("cat", "dog", "food"))
    with opened:
        yield opened


@pytest.fixture(scope="module")
def written(tagger: Tagger, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    listed = list_pictures([str(folder)]).pictures
    page = partial(write_tags_page, out / "new" / "tags.html", judged_by(RELEASED, tagger), tagger)
    tag_pictures(tagger, listed, out / "tags.parquet", SilentProgress(), report=page)
    return out


@pytest.mark.slow
def test_the_page_tells_what_the_table_holds(tagger: Tagger, written: Path) -> None:
    page = Page((written / "new" / "tags.html").read_text())
    table = pl.read_parquet(written / "tags.parquet")
    assert "13 pictures, tagged by demo" in page.text
    assert "10 of different content" in page.text
    captions = page.text_of("figcaption")
    read = table.filter(pl.col("error").is_null())
    for name in tagger.tags:
        count = sum(name in tags for tags in read["tags"].to_list())
        (caption,) = [text for text in captions if text.startswith(f"{name} set on")]
        assert f"set on {count} ({100 * count / 11:.1f} %)" in caption
    assert re.search(r"unreadable\s*2", page.text)


@pytest.mark.slow
def test_what_validation_judged_stands_beside_where_it_holds(tagger: Tagger, written: Path) -> None:
    judged = judged_by(RELEASED, tagger)
    assert judged is not None
    entry = next(
        entry
        for entry in read_released(RELEASED).variants
        if (entry.variant, entry.runtime, entry.decides) == (tagger.model.variant, "litert", True)
    )
    assert set(judged.tags) == {row.tag for row in entry.tags if row.scored}
    page = Page((written / "new" / "tags.html").read_text())
    food = judged.tags["food"]
    row = next(row.text for row in page.all("tr") if row.text.startswith("food"))
    assert food.recall is not None
    assert f"{100 * food.recall:.1f} % of {food.positives}" in row
    with Tagger(RELEASED, thresholds={"food": 0.9}) as other:
        moved = judged_by(RELEASED, other)
    assert moved is not None
    assert set(judged.tags) - set(moved.tags) == {"food"}


@pytest.mark.slow
def test_recall_and_precision_stand_below_where_the_verdict_has_curves(
    tagger: Tagger, tiny: Tagger, folder: Path, tmp_path: Path
) -> None:
    judged = judged_by(RELEASED, tagger)
    assert judged is not None
    tag = judged.tags["food"]
    falling = tuple(np.linspace(tag.positives, 0, len(CURVE_SCORES), dtype=int).tolist())
    curve = ReleasedCurve(positives=falling, negatives=(0,) * len(CURVE_SCORES))
    with_curve, without = (
        {"food": tag.model_copy(update={"curve": drawn})} for drawn in (curve, None)
    )
    pages = {}
    for name, tags in (("with", with_curve), ("without", without)):
        page = partial(write_tags_page, tmp_path / name, Judged(judged.split, tags), tiny)
        listed = list_pictures([str(folder)]).pictures
        tag_pictures(tiny, listed, tmp_path / f"{name}.csv", SilentProgress(), report=page)
        pages[name] = (tmp_path / name).read_text()
    assert pages["with"].count("of judged pictures</text>") == 1
    assert "Precision is lower where the tag is rarer" in pages["with"]
    assert "of judged pictures</text>" not in pages["without"]


@pytest.mark.slow
def test_nothing_is_loaded_and_the_same_pictures_give_the_same_page(
    tiny: Tagger, folder: Path, written: Path, tmp_path: Path
) -> None:
    text = (written / "new" / "tags.html").read_text()
    assert "default-src 'none'" in text
    assert not re.search(
        r"(src|href)=\"(?!#)|url\((?!#)|@import", text.replace("img-src data:", "")
    )
    listed = list_pictures([str(folder)]).pictures
    pages = [tmp_path / "once.html", tmp_path / "again.html"]
    for page in pages:
        write = partial(write_tags_page, page, None, tiny)
        tag_pictures(tiny, listed, page.with_suffix(".csv"), SilentProgress(), report=write)
    assert pages[0].read_text() == pages[1].read_text()


@pytest.mark.slow
def test_hostile_tags_stay_text(folder: Path, tmp_path: Path) -> None:
    tags = [f"{SCRIPT}{number}" for number in range(3)]
    with Tagger(TINY, tags=tags, thresholds=0.0) as hostile:
        listed = list_pictures([str(folder)]).pictures
        report = tmp_path / "tags.html"
        write = partial(write_tags_page, report, judged_by(TINY, hostile), hostile)
        tag_pictures(hostile, listed, tmp_path / "t.csv", SilentProgress(), report=write)
    page = Page(report.read_text())
    assert page.all("script") == []
    assert f"{SCRIPT}2" in page.text


@pytest.mark.slow
def test_a_folder_of_no_readable_picture_has_a_page_too(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    report = tmp_path / "tags.html"
    arguments = ["tag", str(RELEASED), str(tmp_path), "-o", str(tmp_path / "t.csv")]
    done = CliRunner().invoke(app, [*arguments, "--report", str(report)])
    assert done.exit_code == 0, (done.output, done.exception)
    page = Page(report.read_text())
    assert "1 picture, tagged by demo" in page.text
    assert page.all("svg") == []


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_on_a_phone_it_has_no_complaint_and_never_scrolls_sideways(
    written: Path, tmp_path: Path
) -> None:
    page = written / "new" / "tags.html"
    with open_chromium(tmp_path / "profile").tab(page.as_uri(), width=390) as tab:
        assert tab.value("document.documentElement.scrollWidth") == 390
        assert tab.value("document.querySelectorAll('svg[role=img]').length") == 20
        assert tab.complaints == []
