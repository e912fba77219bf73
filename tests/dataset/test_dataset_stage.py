"""The whole stage over real files: what it keeps, what it drops, what it leaves on disk."""

import csv
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from edgetag.dataset import open_dataset
from edgetag.dataset.build_cache import cache_fingerprint
from edgetag.dataset.check import check
from edgetag.dataset.correcting import source_labels
from edgetag.dataset.result import DatasetResult
from edgetag.dataset.stage import inputs_fingerprint, run
from edgetag.dataset.view import read_manifest
from edgetag.errors import InputError
from edgetag.preprocess import preprocess
from edgetag.progress import SilentProgress
from edgetag.recipe import DataSection, Recipe, SplitSection
from edgetag.workspace import Workspace
from tests.dataset.conftest import MakePicture, MakeRecipe, MakeTable

QUIET = SilentProgress()


@pytest.fixture
def simple(root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe) -> Recipe:
    """Ten sound images of two tags."""
    for i in range(10):
        picture(f"{i}.png", i)
    rows = [(f"{i}.png", i % 2, "" if i == 3 else 1) for i in range(10)]
    source = table("t.csv", [("path", "cat", "dog"), *rows])
    return make_recipe(DataSection(source=source, tags=("cat", "dog")))


def test_the_manifest_keeps_its_contract(simple: Recipe, workspace: Workspace, root: Path) -> None:
    result = run(simple, workspace, QUIET)
    manifest = pl.read_parquet(workspace.manifest)
    assert manifest.columns == [
        "identity",
        "path",
        "digest",
        "sha1",
        "split",
        "group",
        "crop",
        "weight",
        "answered",
        "confirmed",
        "repeats",
        "contested",
        "before_answers",
        "tag:cat",
        "tag:dog",
    ]
    assert manifest.schema["tag:cat"] == pl.Int8
    assert manifest.schema["crop"] == pl.List(pl.Int64)
    data = (root / "3.png").read_bytes()
    row = manifest.row(3, named=True)
    assert row["identity"] == row["digest"] == hashlib.sha256(data).hexdigest()
    assert row["sha1"] == hashlib.sha1(data, usedforsecurity=False).hexdigest()
    assert (row["tag:cat"], row["tag:dog"], row["group"], row["crop"]) == (1, None, None, None)
    assert result.images == 10
    text = (workspace.dataset / "summary.json").read_text()
    assert DatasetResult.from_json(text, "summary") == result
    assert sum(counts.images for counts in result.splits.values()) == 10
    assert sum(counts.tags["dog"].unknown for counts in result.splits.values()) == 1


def test_cached_pixels_are_those_of_the_contract_in_manifest_order(
    simple: Recipe, workspace: Workspace, root: Path
) -> None:
    run(simple, workspace, QUIET)
    dataset = open_dataset(workspace)
    contract = simple.network.preprocessing()
    rows = np.arange(10)
    for path, pixels in zip(dataset.manifest["path"], dataset.images(rows), strict=True):
        np.testing.assert_array_equal(pixels, preprocess(root / path, contract))
    expected = cache_fingerprint(contract, dataset.identities(rows))
    assert dataset.cache.shards.fingerprint == expected


def test_labels_of_the_view_are_those_of_the_table(simple: Recipe, workspace: Workspace) -> None:
    run(simple, workspace, QUIET)
    labels = open_dataset(workspace).labels(np.array([3, 4]))
    assert labels.tolist() == [[1, -1], [0, 1]]


def test_running_twice_leaves_identical_files(simple: Recipe, workspace: Workspace) -> None:
    def left() -> dict[Path, bytes]:
        files = [path for path in workspace.dataset.rglob("*") if path.is_file()]
        # seen.json holds times of files, and is no output.
        return {path: path.read_bytes() for path in files if path.name != "seen.json"}

    run(simple, workspace, QUIET)
    before = left()
    run(simple, workspace, QUIET)
    assert left() == before
    assert {p.name for p in before} == {
        "manifest.parquet",
        "summary.json",
        "rejected.csv",
        "index.json",
        "shard-00000.npy",
    }


def test_source_files_are_never_touched(simple: Recipe, workspace: Workspace, root: Path) -> None:
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in root.iterdir()}
    run(simple, workspace, QUIET)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in root.iterdir()} == before


def test_check_agrees_with_run_and_writes_nothing(
    simple: Recipe, workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    report = check(simple, QUIET)
    assert sorted(tmp_path.rglob("*")) == before
    result = run(simple, workspace, QUIET)
    # What ten images cannot do is train and judge; for that a run would stop later.
    assert all("split" in problem or "on test" in problem for problem in report.problems)
    assert (report.splits, report.rejected) == (result.splits, result.rejected)


def bad_images(root: Path, picture: MakePicture) -> dict[str, str]:
    """Spoil some images in each way; return the expected reason by path."""
    picture("truncated.png", 100)
    data = (root / "truncated.png").read_bytes()
    (root / "truncated.png").write_bytes(data[: len(data) // 2])
    picture("cut.jpg", 101, (400, 300))
    data = (root / "cut.jpg").read_bytes()
    (root / "cut.jpg").write_bytes(data[: len(data) // 2])
    (root / "text.png").write_text("no picture")
    (root / "empty.png").write_bytes(b"")
    (root / "folder.png").mkdir()
    picture("wide.png", 102, (300, 200))
    return {
        "truncated.png": "truncated",
        "cut.jpg": "truncated",
        "text.png": "unreadable",
        "empty.png": "unreadable",
        "folder.png": "unreadable",
        "gone.png": "missing",
        "wide.png": "too large",
    }


def test_bad_images_are_listed_with_their_reason_and_have_no_row(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    workspace: Workspace,
) -> None:
    expected = bad_images(root, picture)
    for i in range(3):
        picture(f"{i}.png", i)
    names = [*expected, "0.png", "1.png", "2.png"]
    source = table("t.csv", [("path", "cat"), *((name, 1) for name in names)])
    section = DataSection(source=source, tags=("cat",), max_rejected_share=0.9, max_pixels=50_000)
    with pytest.raises(InputError, match=r"70.0% of the rows are rejected"):
        run(make_recipe(section.replace(max_rejected_share=0.5)), workspace, QUIET)
    assert not workspace.manifest.exists()
    result = run(make_recipe(section), workspace, QUIET)
    with (workspace.dataset / "rejected.csv").open(newline="") as file:
        listed = {row["path"]: row["reason"] for row in csv.DictReader(file)}
    # 400x300 is over 50,000 pixels too, and that is seen before the damage.
    assert listed == {**expected, "cut.jpg": "too large"}
    assert result.images == len(open_dataset(workspace).cache) == 3
    assert result.rejected_share == 0.7


def test_a_file_over_the_byte_limit_is_refused_unopened(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> None:
    picture("a.png")
    (root / "b.png").write_bytes(b"x" * 100_000)
    source = table("t.csv", [("path", "cat"), ("a.png", 1), ("b.png", 1)])
    section = DataSection(source=source, tags=("cat",), max_file_bytes=99_999)
    report = check(make_recipe(section), QUIET)
    assert report.dropped[0].detail == "100000 bytes is over 99999"


def test_the_first_of_equal_images_stays_and_learns_labels_from_the_others(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    workspace: Workspace,
) -> None:
    picture("a.png")
    shutil.copy(root / "a.png", root / "b.png")
    rows = [("path", "cat", "dog"), ("a.png", 1, ""), ("b.png", 1, 0), ("a.png", "", 0)]
    section = DataSection(source=table("t.csv", rows), tags=("cat", "dog"))
    result = run(make_recipe(section), workspace, QUIET)
    manifest = pl.read_parquet(workspace.manifest)
    assert manifest.select("path", "tag:cat", "tag:dog").rows() == [("a.png", 1, 0)]
    assert result.duplicates == 2
    assert result.rejected_share == 0


def test_a_label_about_which_equal_images_contradict_each_other_is_unknown(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    workspace: Workspace,
) -> None:
    picture("a.png")
    picture("c.png", 1)
    shutil.copy(root / "a.png", root / "b.png")
    rows = [("path", "cat", "dog"), ("a.png", 1, 1), ("b.png", 0, 1), ("c.png", 1, 0)]
    recipe = make_recipe(DataSection(source=table("t.csv", rows), tags=("cat", "dog")))
    report = check(recipe, QUIET)
    assert report.rejected == {"conflicting labels": 1}
    assert report.rejected_share == 0
    assert report.dropped[0].where.endswith("t.csv:3")
    assert "t.csv:2" in report.dropped[0].detail
    run(recipe, workspace, QUIET)
    manifest = pl.read_parquet(workspace.manifest)
    kept = manifest.select("path", "tag:cat", "tag:dog", "contested").rows()
    assert kept == [("a.png", None, 1, ["cat"]), ("c.png", 1, 0, [])]


def test_rows_of_one_picture_that_name_different_splits_are_told(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> None:
    for number, name in enumerate(("a.png", "c.png")):
        picture(name, number)
    shutil.copy(root / "a.png", root / "b.png")
    rows = [("path", "split", "cat"), ("a.png", "train", 1), ("b.png", "test", 1)]
    rows += [("c.png", "test", 0), ("c.png", "", 0)]
    report = check(make_recipe(DataSection(source=table("t.csv", rows), tags=("cat",))), QUIET)
    said = "in rows that name different splits: 1 image, a.png; the first row's split counts"
    assert [line for line in report.advice if said in line]
    assert {name: split.images for name, split in report.splits.items()} == {"train": 1, "test": 1}


@pytest.mark.parametrize(("absent_tags", "absent"), [("negative", 0), ("unknown", None)])
def test_a_picture_in_two_class_folders_has_both_tags_and_is_named(
    root: Path,
    picture: MakePicture,
    make_recipe: MakeRecipe,
    workspace: Workspace,
    absent_tags: str,
    absent: int | None,
) -> None:
    picture("cat/a.png")
    picture("food/c.png", 1)
    for name in ("dog/b.png", "dog/again.png"):
        (root / "dog").mkdir(exist_ok=True)
        shutil.copy(root / "cat" / "a.png", root / name)
    section = DataSection(source=root, tags=("cat", "dog", "food"))
    recipe = make_recipe(section.replace(absent_tags=absent_tags))
    report = check(recipe, QUIET)
    assert report.rejected == {"duplicate": 2}
    assert "added to those of the same image at cat/a.png" in report.dropped[0].detail
    (advice,) = report.advice
    said = "in several class folders: 1 image, cat/a.png and dog/again.png and dog/b.png; each has"
    assert advice.startswith(said)
    run(recipe, workspace, QUIET)
    manifest = pl.read_parquet(workspace.manifest)
    kept = manifest.select("path", "tag:cat", "tag:dog", "tag:food", "contested").rows()
    assert kept == [("cat/a.png", 1, 1, absent, []), ("food/c.png", absent, absent, 1, [])]


def test_of_many_copies_in_class_folders_a_few_are_named(
    root: Path, picture: MakePicture, make_recipe: MakeRecipe
) -> None:
    picture("cat/a.png")
    (root / "dog").mkdir()
    for number in range(9):
        shutil.copy(root / "cat" / "a.png", root / "dog" / f"{number}.png")
    (advice,) = check(make_recipe(DataSection(source=root, tags=("cat", "dog"))), QUIET).advice
    assert "1 image, cat/a.png and dog/0.png and dog/1.png and 7 more; each has" in advice


def near_duplicates(
    root: Path, picture: MakePicture, table: MakeTable, **options: Any
) -> DataSection:
    """A picture in training, and the same one a little smaller, as JPEG, in test."""
    for i in range(4):
        picture(f"{i}.png", i, (200, 150))
    with Image.open(root / "0.png") as image:
        image.resize((180, 135)).save(root / "near.jpg")
    splits = ["train", "train", "test", "validation", "test"]
    names = ["0.png", "1.png", "2.png", "3.png", "near.jpg"]
    rows = [(name, 1, split) for name, split in zip(names, splits, strict=True)]
    source = table("t.csv", [("path", "cat", "split"), *rows])
    return DataSection(source=source, tags=("cat",), **options)


def test_near_duplicates_across_splits_are_reported(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> None:
    report = check(make_recipe(near_duplicates(root, picture, table)), QUIET)
    (pair,) = report.near_duplicates
    assert (pair.path, pair.split) == ("near.jpg", "test")
    assert (pair.other_path, pair.other_split) == ("0.png", "train")
    assert pair.distance_bits <= 4
    assert report.images == 5


def test_near_duplicates_are_dropped_from_evaluation_if_asked(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    workspace: Workspace,
) -> None:
    section = near_duplicates(root, picture, table, drop_near_duplicates=True)
    result = run(make_recipe(section), workspace, QUIET)
    assert result.rejected == {"near duplicate": 1}
    assert result.near_duplicates == ()
    assert "near.jpg" not in pl.read_parquet(workspace.manifest)["path"]


def test_regions_become_images_of_one_split_cut_from_one_decoding(
    root: Path, picture: MakePicture, make_recipe: MakeRecipe, workspace: Workspace
) -> None:
    path = picture("a.png", 5, (100, 80))
    rects = [(0, 0, 50, 40), (60, 40, 200, 200), (150, 0, 160, 10)]
    regions = [
        {
            "probability": 0.9,
            "label": i % 2,
            "rect": dict(zip(("left", "top", "right", "bottom"), rect, strict=True)),
        }
        for i, rect in enumerate(rects)
    ]
    document = {"generator": "Region Cropper", "file_name": "a.png", "regions": regions}
    (root / "a.json").write_text(json.dumps(document))
    section = DataSection(source=root, tags=("cat", "dog"), regions="crop", max_rejected_share=0.5)
    result = run(make_recipe(section), workspace, QUIET)
    manifest = pl.read_parquet(workspace.manifest)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert manifest["identity"].to_list() == [f"{digest}#0,0,50,40", f"{digest}#60,40,200,200"]
    assert manifest["crop"].to_list() == [[0, 0, 50, 40], [60, 40, 200, 200]]
    assert manifest["split"].n_unique() == 1
    assert result.rejected == {"unreadable": 1}
    assert open_dataset(workspace).groups(np.arange(2)) == [digest, digest], "one for statistics"
    with Image.open(path) as image:
        image.crop((60, 40, 100, 80)).save(root / "expected.png")
    expected = preprocess(root / "expected.png", make_recipe(section).network.preprocessing())
    np.testing.assert_array_equal(open_dataset(workspace).images(np.array([1]))[0], expected)


def test_groups_that_an_explicit_split_tears_apart_are_named(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> None:
    picture("a.png")
    picture("b.png", 1)
    rows = [
        ("path", "cat", "split", "group"),
        ("a.png", 1, "train", "g"),
        ("b.png", 1, "test", "g"),
    ]
    section = DataSection(source=table("t.csv", rows), tags=("cat",))
    for by in ("content", "group"):
        report = check(make_recipe(section.replace(split=SplitSection(by=by))), QUIET)
        assert report.straddling_groups == ("g",)
        (advice,) = [text for text in report.advice if "'g'" in text]
        assert advice.endswith("data.split_column says so: give each of them one split there")


def test_regions_of_one_file_that_an_explicit_split_tears_apart_are_named(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> None:
    picture("a.png", size=(80, 40))
    rows = [
        ("path", "at", "cat", "split"),
        ("a.png", "0 0 40 40", 1, "train"),
        ("a.png", "40 0 80 40", 0, "test"),
    ]
    section = DataSection(source=table("t.csv", rows), tags=("cat",), crop_column="at")
    assert check(make_recipe(section), QUIET).straddling_groups == ("a.png",)


@pytest.mark.parametrize("splits", [(), ("test",), ("test", "", "test")])
def test_groups_that_hashes_tear_apart_are_named_with_what_keeps_them_together(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    splits: tuple[str, ...],
) -> None:
    rows = [("path", "cat", "group", "split")]
    for number in range(30):
        picture(f"{number}.png", number)
        rows.append((f"{number}.png", "1", "g", dict(enumerate(splits)).get(number, "")))
    section = DataSection(source=table("t.csv", rows), tags=("cat",))
    report = check(make_recipe(section), QUIET)
    (advice,) = [text for text in report.advice if "'g'" in text]
    assert advice.endswith('data.split.by = "group" keeps them together')
    section = section.replace(split=SplitSection(by="group"))
    assert not check(make_recipe(section), QUIET).straddling_groups


def test_a_split_by_group_needs_the_column(simple: Recipe, make_recipe: MakeRecipe) -> None:
    section = simple.data.replace(split=SplitSection(by="group"))
    with pytest.raises(InputError, match="there is no column 'group'"):
        check(make_recipe(section), QUIET)


def test_a_failed_rebuild_leaves_the_earlier_result_intact(
    simple: Recipe, workspace: Workspace, root: Path
) -> None:
    run(simple, workspace, QUIET)
    before = workspace.manifest.read_bytes()
    for path in root.glob("*.png"):
        path.write_bytes(b"spoiled")
    with pytest.raises(InputError, match="not one of 10 rows gives a usable image"):
        run(simple, workspace, QUIET)
    assert workspace.manifest.read_bytes() == before
    assert len(open_dataset(workspace).cache) == 10


def test_the_inputs_fingerprint_follows_labels_files_and_recipe(
    simple: Recipe, make_recipe: MakeRecipe, root: Path, picture: MakePicture
) -> None:
    first = inputs_fingerprint(simple)
    assert inputs_fingerprint(simple) == first
    assert inputs_fingerprint(make_recipe(simple.data, 96)) != first
    picture("0.png", 99)
    second = inputs_fingerprint(simple)
    assert second != first
    table = root / "t.csv"
    table.write_text(table.read_text().replace("0.png,0", "0.png,1"))
    assert inputs_fingerprint(simple) != second


@pytest.mark.parametrize(("cell", "weight"), [("2.5", 2.5), ("", 1.0), ("0", 0.0), ("1e1", 10.0)])
def test_a_weight_of_a_picture_reaches_the_manifest(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    workspace: Workspace,
    cell: str,
    weight: float,
) -> None:
    picture("a.png", 1)
    source = table("t.csv", [("path", "cat", "often"), ("a.png", 1, cell)])
    section = DataSection(source=source, tags=("cat",), weight_column="often")
    run(make_recipe(section), workspace, QUIET)
    assert pl.read_parquet(workspace.manifest)["weight"].to_list() == [weight]


@pytest.mark.parametrize("cell", ["-1", "101", "nan", "inf", "often", "1,5"])
def test_what_is_no_weight_is_refused_with_its_place(
    picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe, workspace: Workspace, cell: str
) -> None:
    picture("a.png", 1)
    source = table("t.csv", [("path", "cat", "often"), ("a.png", 1, cell)])
    section = DataSection(source=source, tags=("cat",), weight_column="often")
    with pytest.raises(InputError, match=r"t\.csv:2: column 'often' is .*a weight is a number"):
        run(make_recipe(section), workspace, QUIET)


def test_a_manifest_of_before_weights_and_corrections_opens(
    simple: Recipe, workspace: Workspace
) -> None:
    run(simple, workspace, QUIET)
    older = pl.read_parquet(workspace.manifest).drop("weight", "answered", "confirmed", "contested")
    older.write_parquet(workspace.manifest)
    dataset, rows = open_dataset(workspace), np.arange(10, dtype=np.int64)
    assert dataset.weighted(rows, 1).tolist() == rows.tolist()
    assert not dataset.answered(rows).any()
    assert not dataset.confirmed(rows).any()
    assert not dataset.contested(rows).any()


def test_rows_come_as_often_as_their_weight_says(simple: Recipe, workspace: Workspace) -> None:
    run(simple, workspace, QUIET)
    dataset = open_dataset(workspace)
    weights = pl.Series("weight", [0.0, 1.0, 3.0, 2.5, 0.5, *[1.0] * 5])
    dataset = replace(dataset, manifest=dataset.manifest.with_columns(weights))
    rows = np.arange(10, dtype=np.int64)
    draws = [np.bincount(dataset.weighted(rows, seed), minlength=10) for seed in range(200)]
    assert {tuple(draw[[0, 1, 2, 5]].tolist()) for draw in draws} == {(0, 1, 3, 1)}
    assert {int(draw[3]) for draw in draws} == {2, 3}
    assert 0.35 < np.mean([draw[4] for draw in draws]) < 0.65
    assert np.array_equal(dataset.weighted(rows, 7), dataset.weighted(rows, 7))
    with pytest.raises(InputError, match="no picture to train on has a weight above 0"):
        dataset.weighted(rows[:1], 1)


def test_pictures_that_people_answered_come_as_often_as_the_recipe_says(
    simple: Recipe, workspace: Workspace
) -> None:
    run(simple, workspace, QUIET)
    dataset = open_dataset(workspace)
    tag = dataset.vocabulary.names[0]
    columns = (
        pl.Series("weight", [0.0, 1.0, 3.0, *[1.0] * 7]),
        pl.Series("answered", [[tag]] * 4 + [[]] * 6, pl.List(pl.String)),
    )
    dataset = replace(dataset, manifest=dataset.manifest.with_columns(*columns))
    rows = np.arange(10, dtype=np.int64)
    times = {
        weight: np.bincount(dataset.weighted(rows, 1, weight), minlength=10).tolist()
        for weight in (0.0, 1.0, 2.0)
    }
    rest = [1] * 6
    assert times == {0.0: [0, 0, 0, 0, *rest], 1.0: [0, 1, 3, 1, *rest], 2.0: [0, 2, 6, 2, *rest]}


def test_a_repeat_tells_split_and_group_where_the_first_row_does_not(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    workspace: Workspace,
) -> None:
    picture("a.png", 1)
    shutil.copy(root / "a.png", root / "again.png")
    head = ("path", "split", "group", "cat")
    rows = [("a.png", "", "", 1), ("again.png", "test_later", "film", 1)]
    source = table("t.csv", [head, *rows])
    run(make_recipe(DataSection(source=source, tags=("cat",))), workspace, QUIET)
    (row,) = pl.read_parquet(workspace.manifest).to_dicts()
    assert (row["path"], row["split"], row["group"]) == ("a.png", "test_later", "film")


def test_damaged_tables_of_built_data_say_what_helps(tmp_path: Path) -> None:
    manifest, corrections = tmp_path / "manifest.parquet", tmp_path / "corrections.csv"
    pl.DataFrame({"identity": ["x"], "path": ["a.png"]}).write_parquet(manifest)
    with pytest.raises(InputError, match=r"lacks the column 'split'; run: edgetag data build"):
        read_manifest(manifest)
    for damage in (b"\xff\xfe", b"identity,tag\n1,2\n"):
        corrections.write_bytes(damage)
        with pytest.raises(InputError, match=r"damaged .*; run: edgetag data build"):
            source_labels(corrections)
