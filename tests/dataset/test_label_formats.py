"""Every label format is read into the same entries, and what is wrong is named with its place."""

import json
import tomllib
from pathlib import Path
from typing import Any
from unicodedata import normalize

import polars as pl
import pytest

from edgetag.dataset.formats import read_listing
from edgetag.dataset.listing import Entry
from edgetag.dataset.plan import open_sources
from edgetag.errors import InputError
from edgetag.recipe import DataSection
from tests.dataset.conftest import MakePicture

TAGS = ("cat", "dog")


def section(source: Path, **options: Any) -> DataSection:
    return DataSection(source=source, **{"tags": TAGS, **options})


def read(source: Path, **options: Any) -> list[Entry]:
    return list(read_listing(section(source, **options)).entries)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_wide_csv_gives_three_state_labels_split_and_group(root: Path) -> None:
    source = write(root / "t.csv", "path,cat,dog,split,group\na.png,1,,test,g1\nb.png,0,1,,\n")
    first, second = read(source)
    assert first == Entry("a.png", (1, None), f"{source}:2", "test", "g1")
    assert second == Entry("b.png", (0, 1), f"{source}:3")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_bom_line_ends_and_quoted_newlines_are_accepted_and_lines_still_counted(
    root: Path, end: str
) -> None:
    text = '\ufeffpath,cat,dog,note\na.png,1,0,"two\nlines, one comma"\n\nb.png,0,1,\n'
    first, second = read(write(root / "t.csv", text.replace("\n", end)))
    assert (first.path, first.labels, first.where[-2:]) == ("a.png", (1, 0), ":2")
    assert (second.path, second.labels, second.where[-2:]) == ("b.png", (0, 1), ":5")


def test_where_cr_ends_lines_a_cell_may_have_lf(root: Path) -> None:
    text = 'path,cat,dog,note\ra.png,1,0,"two\nlines"\rb.png,0,1,\r'
    first, second = read(write(root / "t.csv", text))
    assert (first.path, first.labels, first.where[-2:]) == ("a.png", (1, 0), ":2")
    assert (second.path, second.labels, second.where[-2:]) == ("b.png", (0, 1), ":3")


def test_labels_as_pandas_writes_them_are_accepted(root: Path) -> None:
    source = write(root / "t.csv", "path,cat,dog\na.png,1.0,0.0\nb.png,True,False\nc.png,,1\n")
    assert [entry.labels for entry in read(source)] == [(1, 0), (1, 0), (None, 1)]


def test_the_same_table_reads_alike_from_csv_jsonl_and_parquet(root: Path) -> None:
    rows = [
        {"path": "a.png", "cat": 1, "dog": None, "split": "train", "group": "x"},
        {"path": "b.png", "cat": 0, "dog": 1, "split": None, "group": None},
    ]
    pl.DataFrame(rows).write_csv(root / "t.csv")
    pl.DataFrame(rows).write_parquet(root / "t.parquet")
    write(root / "t.jsonl", "\ufeff" + "\n".join(json.dumps(row) for row in rows) + "\n\n")
    tables = [
        [(e.path, e.labels, e.split, e.group) for e in read(root / name)]
        for name in ("t.csv", "t.jsonl", "t.parquet")
    ]
    assert tables[0] == tables[1] == tables[2]


def test_a_json_line_may_leave_a_tag_out(root: Path) -> None:
    lines = '{"path": "a.png", "cat": 1, "dog": true}\n{"path": "b.png", "dog": 0}\n'
    assert [e.labels for e in read(write(root / "t.jsonl", lines))] == [(1, 1), (None, 0)]


@pytest.mark.parametrize(("absent", "label"), [("negative", 0), ("unknown", None)])
def test_a_tag_that_a_list_does_not_name_means_what_the_recipe_says(
    root: Path, absent: str, label: int | None
) -> None:
    source = write(root / "t.csv", 'path,tags\na.png," cat , dog "\nb.png,\nc.png,dog\n')
    labels = [entry.labels for entry in read(source, absent_tags=absent)]
    assert labels == [(1, 1), (label, label), (label, 1)]


def test_list_column_and_separator_can_be_named(root: Path) -> None:
    source = write(root / "t.csv", "file,kinds\na.png,cat|dog\n")
    options = {"path_column": "file", "tags_column": "kinds", "tag_separator": "|"}
    assert read(source, **options)[0].labels == (1, 1)


def test_lists_come_from_json_and_parquet_too_and_null_means_not_looked_at(root: Path) -> None:
    frame = pl.DataFrame({"path": ["a.png", "b.png"], "tags": [["dog"], None]})
    frame.write_parquet(root / "t.parquet")
    frame.write_ndjson(root / "t.jsonl")
    for name in ("t.parquet", "t.jsonl"):
        assert [entry.labels for entry in read(root / name)] == [(0, 1), (None, None)]


def test_class_folders_are_tags_and_files_that_are_no_images_are_counted(
    root: Path, picture: MakePicture
) -> None:
    picture("cat/a.png")
    picture("dog/deep/b.jpg", 1)
    write(root / "cat" / "notes.txt", "x")
    write(root / "cat" / ".hidden.png", "x")
    listing = read_listing(section(root))
    assert listing.format == "folders"
    assert [(e.path, e.labels) for e in listing.entries] == [
        ("cat/a.png", (1, 0)),
        ("dog/deep/b.jpg", (0, 1)),
    ]
    assert listing.ignored_files == 2


def test_a_class_folder_outside_the_vocabulary_is_an_unknown_tag(
    root: Path, picture: MakePicture
) -> None:
    picture("cat/a.png")
    picture("neutral/b.png", 1)
    listing = read_listing(section(root))
    assert [tag.name for tag in listing.unknown_tags] == ["neutral"]
    assert listing.entries[1].labels == (0, 0)


def test_a_tag_of_decomposed_letters_is_told_from_the_composed_one(
    root: Path, picture: MakePicture
) -> None:
    picture(f"{normalize('NFD', 'が')}/a.png")
    labels = section(root, tags=(normalize("NFC", "が"),))
    (problem,) = open_sources(labels).problems(labels)
    spelt = tomllib.loads(f"tag = {problem.rpartition(': write ')[2].removesuffix(' there')}")
    labels = section(root, tags=(spelt["tag"],))
    assert not open_sources(labels).problems(labels)


def test_object_ids_may_be_numbers(root: Path, picture: MakePicture) -> None:
    picture("7.png")
    source = write(root / "t.jsonl", '{"objectId": 7, "value": 1}')
    listing = read_listing(section(source, tags=("good",)))
    assert [(e.path, e.labels) for e in listing.entries] == [("7.png", (1,))]


def test_object_ids_find_their_files_whatever_the_suffix(root: Path, picture: MakePicture) -> None:
    picture("0a.png")
    picture("0b.jpg", 1)
    source = write(root / "t.csv", "objectId,value\n0a,1\n0b,0\n0c,1\n")
    listing = read_listing(section(source, tags=("good",)))
    assert listing.format == "object_value"
    assert [(e.path, e.labels) for e in listing.entries] == [
        ("0a.png", (1,)),
        ("0b.jpg", (0,)),
        ("0c", (1,)),
    ]


def test_an_object_id_with_two_files_is_refused(root: Path, picture: MakePicture) -> None:
    picture("0a.png")
    picture("0a.jpg", 1)
    source = write(root / "t.csv", "objectId,value\n0a,1\n")
    with pytest.raises(InputError, match=r"t.csv:2: objectId '0a' could be 0a.jpg or 0a.png"):
        read(source, tags=("good",))


def region(label: int, rect: tuple[int, int, int, int], probability: float = 1.0) -> dict[str, Any]:
    names = ("left", "top", "right", "bottom")
    return {
        "probability": probability,
        "label": label,
        "rect": dict(zip(names, rect, strict=True)),
        "extra": "ignored",
    }


def document(name: str, *regions: dict[str, Any]) -> str:
    return json.dumps({"generator": "Region Cropper", "file_name": name, "regions": list(regions)})


def test_whole_images_have_the_tags_of_all_their_sure_regions(root: Path) -> None:
    text = document("a.png", region(0, (0, 0, 9, 9)), region(1, (5, 5, 20, 20), 0.4))
    write(root / "a.json", text)
    assert read(root)[0].labels == (1, 0)
    assert read(root, region_min_probability=0.4)[0].labels == (1, 1)
    assert read(root, absent_tags="unknown")[0].labels == (1, None)


def test_each_region_can_be_an_image_and_equal_rectangles_share_one(root: Path) -> None:
    text = document(
        "a.png",
        region(0, (0, 0, 9, 9)),
        region(1, (0, 0, 9, 9)),
        region(1, (5, 5, 20, 20)),
        region(0, (1, 1, 3, 3), 0.1),
    )
    entries = read(write(root / "a.json", text), regions="crop")
    assert [(e.path, e.crop, e.labels) for e in entries] == [
        ("a.png", (0, 0, 9, 9), (1, 1)),
        ("a.png", (5, 5, 20, 20), (0, 1)),
    ]


def test_a_region_label_outside_the_vocabulary_is_an_unknown_tag(root: Path) -> None:
    listing = read_listing(
        section(write(root / "a.json", document("a.png", region(7, (0, 0, 1, 1)))))
    )
    assert [tag.name for tag in listing.unknown_tags] == ["label 7"]


def test_a_column_of_labels_that_is_no_tag_is_unknown_and_a_column_of_notes_is_not(
    root: Path,
) -> None:
    text = "path,cat,dog,bird,width,licence\na.png,1,0,1,80,CC0\nb.png,1,0,0,70,CC0\n"
    listing = read_listing(section(write(root / "t.csv", text)))
    assert [(tag.name, tag.rows) for tag in listing.unknown_tags] == [("bird", 1)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("path,cat,dog", "wide"),
        ("path,tags", "list"),
        ("path,cat,dog,tags", "wide"),
        ("path,cat,tags", "list"),
    ],
)
def test_auto_tells_tables_apart_by_their_columns(root: Path, header: str, expected: str) -> None:
    cells = ["a.png"] + ["1" if name != "tags" else "cat" for name in header.split(",")[1:]]
    source = write(root / "t.csv", f"{header}\n{','.join(cells)}\n")
    assert read_listing(section(source)).format == expected


def test_auto_finds_region_files_in_a_folder(root: Path, picture: MakePicture) -> None:
    picture("images/a.png")
    write(root / "a.json", document("images/a.png"))
    listing = read_listing(section(root))
    assert (listing.format, len(listing.entries), listing.linked_folders) == ("regions", 1, 0)


def test_linked_folders_of_region_files_are_not_looked_into_but_counted(
    root: Path, tmp_path: Path
) -> None:
    write(root / "a.json", document("a.png"))
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path / "elsewhere" / "b.json", document("b.png"))
    (root / "more").symlink_to(tmp_path / "elsewhere")
    listing = read_listing(section(root))
    assert (len(listing.entries), listing.linked_folders) == (1, 1)


def test_root_defaults_to_the_folder_of_the_source_and_can_be_named(
    root: Path, tmp_path: Path
) -> None:
    source = write(tmp_path / "t.csv", "path,cat,dog\na.png,1,0\n")
    assert read_listing(section(source)).root == tmp_path
    assert read_listing(section(source, root=root)).root == root


def test_a_wide_table_can_name_regions_and_two_of_one_picture_are_two_images(root: Path) -> None:
    write(root / "t.csv", "path,box,cat,dog\na.png,1 2 30 40,1,0\na.png,-3 0 9 9,0,1\nb.png,,1,\n")
    entries = read(root / "t.csv", crop_column="box")
    assert [entry.crop for entry in entries] == [(1, 2, 30, 40), (-3, 0, 9, 9), None]
    assert [entry.path for entry in entries] == ["a.png", "a.png", "b.png"]


@pytest.mark.parametrize("cell", ["1 2 3", "5 5 5 9", "9 0 1 4", "a b c d", "1.5 2 3 4", "1,2,3,4"])
def test_a_cell_that_is_no_region_names_its_line(root: Path, cell: str) -> None:
    write(root / "t.csv", f'path,box,cat,dog\na.png,"{cell}",1,0\n')
    with pytest.raises(InputError, match=r"t\.csv:2: column 'box'.*left top right bottom"):
        read(root / "t.csv", crop_column="box")


def test_a_column_of_regions_is_refused_where_it_would_be_passed_over(root: Path) -> None:
    write(root / "t.csv", "path,tags,box\na.png,cat,1 2 3 4\n")
    with pytest.raises(InputError, match=r"crop_column is for wide tables.*'list'"):
        read(root / "t.csv", crop_column="box")


def test_a_table_without_the_column_of_regions_that_the_recipe_names_is_refused(root: Path) -> None:
    write(root / "t.csv", "path,cat,dog\na.png,1,0\n")
    with pytest.raises(InputError, match="missing column 'box'"):
        read(root / "t.csv", crop_column="box")


def test_a_wide_table_without_its_column_of_paths_is_not_told_of_tags(root: Path) -> None:
    table = write(root / "t.csv", "file,cat\na.png,1\n")
    with pytest.raises(InputError, match=r"missing column 'path'.*data\.path_column") as told:
        read(table, format="wide", tags=("cat",))
    assert "every tag" not in str(told.value).lower()
