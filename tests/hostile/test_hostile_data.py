"""Bad data gets one clear message that names the place and the fix, and leaves nothing behind."""

import csv
import json
import os
import random
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from edgetag import named_files
from edgetag.cli.terminal import LineProgress
from edgetag.dataset.check import check
from edgetag.dataset.formats import read_listing
from edgetag.dataset.stage import run
from edgetag.dataset.survey import survey
from edgetag.dataset.unlabelled_files import open_unlabelled
from edgetag.errors import ExitCode, InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import DataSection, Recipe
from edgetag.reporting.page.data import read_rejected
from edgetag.workspace import Workspace

QUIET = SilentProgress()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with one sound image."""
    folder = tmp_path / "data"
    folder.mkdir()
    Image.linear_gradient("L").save(folder / "a.png")
    return folder


def refused(
    source: Path, run_folder: Path, tags: tuple[str, ...] = ("cat",), **options: Any
) -> str:
    """Run over a source that is to be refused; return the message."""
    recipe = Recipe(name="x", data=DataSection(source=source, tags=tags, **options))
    with pytest.raises(InputError) as caught:
        run(recipe, Workspace(run_folder), QUIET)
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert not (run_folder / "dataset" / "manifest.parquet").exists()
    return str(caught.value)


def save(root: Path, name: str, content: str | bytes) -> Path:
    path = root / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"t\.csv: the file is empty"),
        ("path,cat\n", r"t\.csv: the table has no rows"),
        ("\n\n", r"t\.csv: the file is empty"),
        ("path\na.png\n", r"t\.csv: missing column 'cat'; the table has 'path'"),
        ("file,cat\na.png,1\n", r"t\.csv: missing column 'path'; the table has 'file', 'cat'"),
        ("path,cat\na.png,1\na.png,2\n", r"t\.csv:3: column 'cat' is '2'; a label is 1 or true, 0"),
        ("path,cat\na.png,yes\n", r"t\.csv:2: column 'cat' is 'yes'"),
        ("path,cat\na.png,-1\n", r"t\.csv:2: column 'cat' is '-1'"),
        ("path,cat\na.png,0.5\n", r"t\.csv:2: column 'cat' is '0.5'"),
        ("path,cat\n,1\n", r"t\.csv:2: column 'path' is ''; give the image's path"),
        ("path,cat\na.png,1,1\n", r"t\.csv:2: 3 cells, but the header names 2 columns"),
        ("path,cat\na.png\n", r"t\.csv:2: 1 cells, but the header names 2 columns"),
        ("path,cat,cat\na.png,1,1\n", r"t\.csv:1: two columns are named 'cat'"),
        ("path;cat\na.png;1\n", r"t\.csv:1: the columns are not separated by commas"),
        ('"path";"cat"\n"a.png";1\n', r"t\.csv:1: not valid CSV.*that commas separate the columns"),
        ('path,cat\n"a.png,1\n', r"t\.csv:2: not valid CSV"),
        ('path,cat\n"a.png"x,1\n', r"t\.csv:2: not valid CSV"),
        (b"path,cat\na.png,1\n\xff\xfe.png,1\n", r"t\.csv:3: not UTF-8 text"),
        ("path,cat,split\na.png,1,val\n", r"t\.csv:2: column 'split' is 'val'; a split is train"),
        ("path,cat,split\na.png,1,test_\n", r"t\.csv:2: column 'split' is 'test_'"),
        ("path,cat,dog\na.png,1,1\n", r"column 'dog': not in data.tags: 'dog'"),
        ("path,tags\na.png,bird\n", r"t\.csv:2: not in data.tags: 'bird'"),
        ("objectId,value\na,2\n", r"t\.csv:2: column 'value' is '2'"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(
    root: Path, tmp_path: Path, content: str | bytes, message: str
) -> None:
    source = save(root, "t.csv", content)
    assert re.search(message, refused(source, tmp_path / "run"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"t\.jsonl:1: not valid JSON"),
        ("[1]\n", r"t\.jsonl:1: not a JSON object"),
        ("[" * 100_000, r"t\.jsonl:1: not valid JSON"),
        ('{"path": 5, "cat": 1}', r"t\.jsonl:1: column 'path' is 5"),
        ('{"path": "a.png", "cat": [1]}', r"t\.jsonl:1: column 'cat' is \[1\]"),
        ('{"path": "a.png", "cat": 2}', r"t\.jsonl:1: column 'cat' is 2"),
        ('{"path": "a.png", "cat": 0.5}', r"t\.jsonl:1: column 'cat' is 0\.5"),
        ('{"path": "a.png", "tags": {"cat": 1}}', r"t\.jsonl:1: column 'tags' is \{'cat': 1\}"),
        ('{"path": "a.png", "cat": 1, "group": "\\udfff"}', r"t\.jsonl:1: column 'group'"),
        ("\n", r"t\.jsonl: the table has no rows"),
    ],
)
def test_wrong_json_lines_are_refused_with_their_line(
    root: Path, tmp_path: Path, content: str | bytes, message: str
) -> None:
    assert re.search(message, refused(save(root, "t.jsonl", content), tmp_path / "run"))


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", random.Random(0).randbytes(500), b"PAR1" + b"\0" * 99 + b"PAR1"]
)
def test_a_damaged_parquet_file_is_refused(
    root: Path, tmp_path: Path, content: str | bytes
) -> None:
    message = refused(save(root, "t.parquet", content), tmp_path / "run")
    assert "t.parquet: not a readable Parquet file" in message


def test_a_parquet_file_at_which_polars_panics_is_refused_in_a_line(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = root / "t.parquet"
    pl.DataFrame({"path": ["a.png", "b.png"], "cat": ["1", ""]}).write_parquet(whole)
    content = bytearray(whole.read_bytes())
    content[92] = 0x89  # at which polars 2.1 panics
    message = refused(save(root, "t.parquet", bytes(content)), tmp_path / "run")
    assert "t.parquet: not a readable Parquet file" in message
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"generator": "Other"}, r"generator is 'Other', not 'Region Cropper'"),
        ({"file_name": 5}, r"file_name: Input should be a valid string"),
        ({"file_name": ""}, r"file_name"),
        ({"regions": None}, r"regions"),
        ({"regions": [{"label": 0, "probability": 1}]}, r"regions\.0\.rect: Field required"),
        ({"label": "cat"}, r"regions\.0\.label"),
        ({"label": True}, r"regions\.0\.label"),
        ({"label": 9}, r"not in data.tags: 'label 9'"),
        ({"label": 2**31}, r"regions\.0\.label: Input should be less than 10000"),
        ({"probability": 1.5}, r"regions\.0\.probability"),
        ({"rect": {"left": 5, "top": 0, "right": 5, "bottom": 9}}, r"region 1 is empty"),
        ({"rect": {"left": 9, "top": 0, "right": 5, "bottom": 9}}, r"region 1 is empty"),
        ({"rect": {"left": float("inf"), "top": 0, "right": 5, "bottom": 9}}, r"rect\.left"),
        ({"rect": {"left": float("nan"), "top": 0, "right": 5, "bottom": 9}}, r"rect\.left"),
    ],
)
def test_wrong_region_files_are_refused(
    root: Path, tmp_path: Path, change: Any, message: str
) -> None:
    region = {
        "probability": 1.0,
        "label": 0,
        "rect": {"left": 0, "top": 0, "right": 9, "bottom": 9},
    }
    document = {"generator": "Region Cropper", "file_name": "a.png", "regions": [region]}
    for key, value in change.items():
        (region if key in region else document)[key] = value
    source = save(root, "a.json", json.dumps(document))
    text = refused(source, tmp_path / "run")
    assert "a.json" in text
    assert re.search(message, text)


@pytest.mark.parametrize("content", ["", "{", "[", "5", "null", "[5]", "[" * 100_000])
def test_what_is_no_region_json_is_refused(
    root: Path, tmp_path: Path, content: str | bytes
) -> None:
    assert "a.json" in refused(save(root, "a.json", content), tmp_path / "run")


@pytest.mark.parametrize(
    "path", ["../secret.png", "x/../../secret.png", "..", ".", "link.png", "out/b"]
)
def test_paths_that_leave_the_root_are_refused_and_reported(
    root: Path, tmp_path: Path, path: str
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "out").symlink_to(tmp_path)
    source = save(root, "t.csv", f"path,cat\na.png,1\n{path},1\n")
    text = refused(source, tmp_path / "run")
    assert f"t.csv:3: {path!r} leaves the data root {root}" in text
    assert not (tmp_path / "run").exists()
    report = check(Recipe(name="x", data=DataSection(source=source, tags=("cat",))), QUIET)
    assert report.rejected == {"outside the data root": 1}
    assert report.problems[0] in text


def test_an_absolute_path_is_refused_as_that_also_where_it_leads_into_the_root(
    root: Path, tmp_path: Path
) -> None:
    for path in (root / "a.png", Path("/etc/hostname")):
        source = save(root, "t.csv", f"path,cat\na.png,1\n{path},1\n")
        text = refused(source, tmp_path / "run")
        assert f"t.csv:3: '{path}' is absolute" in text
        assert "list paths relative to the data root" in text


def test_links_inside_the_root_are_fine(root: Path, tmp_path: Path) -> None:
    (root / "link.png").symlink_to(root / "a.png")
    source = save(root, "t.csv", "path,cat\nlink.png,1\n./a.png,1\n")
    recipe = Recipe(name="x", data=DataSection(source=source, tags=("cat",)))
    assert run(recipe, Workspace(tmp_path / "run"), QUIET).rejected == {"duplicate": 1}


def test_a_class_folder_that_links_out_of_the_root_is_refused(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    Image.new("RGB", (8, 8)).save(outside / "b.png")
    (root / "cat").symlink_to(outside)
    assert "leaves the data root" in refused(root, tmp_path / "run", format="folders")


def test_a_pipe_in_place_of_an_image_does_not_hang(root: Path) -> None:
    os.mkfifo(root / "pipe.png")
    source = save(root, "t.csv", "path,cat\na.png,1\npipe.png,1\n")
    report = check(Recipe(name="x", data=DataSection(source=source, tags=("cat",))), QUIET)
    assert [(d.path, d.detail) for d in report.dropped] == [("pipe.png", "not a regular file")]


def dropped(source: Path, run_folder: Path, **options: Any) -> list[dict[str, str]]:
    """Run over a source that is to be taken but for some rows; return those."""
    section = DataSection(source=source, tags=("cat",), max_rejected_share=0.9, **options)
    run(Recipe(name="x", data=section), Workspace(run_folder), QUIET)
    with (run_folder / "dataset" / "rejected.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_path_that_no_file_can_have_does_not_break_the_report(root: Path, tmp_path: Path) -> None:
    lines = [{"path": "a.png", "cat": 1}, {"path": "z" * 200_000, "cat": 1}]
    source = save(root, "t.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    section = DataSection(source=source, tags=("cat",), max_rejected_share=0.9)
    run(Recipe(name="x", data=section), Workspace(tmp_path), QUIET)
    (image,) = read_rejected(tmp_path / "dataset" / "rejected.csv")
    assert image.path == "z" * 4095 + "…"


def test_a_file_name_that_is_no_text_is_left_out_alone(root: Path, tmp_path: Path) -> None:
    (root / "cat").mkdir()
    (root / "a.png").rename(root / "cat" / "a.png")
    for name in (os.fsdecode(b"\xff.png"), "two\nlines.png"):
        try:
            (root / "cat" / name).write_bytes(b"")
        except OSError:
            pytest.skip("this file system takes only UTF-8 names")
    rows = dropped(root, tmp_path / "run", format="folders")
    assert [row["path"] for row in rows] == ["cat/two\\nlines.png", "cat/\\udcff.png"]
    assert all("rename the file" in row["detail"] for row in rows)
    assert all("\n" not in row["where"] for row in rows)


@pytest.mark.parametrize(
    ("name", "content", "path", "where"),
    [
        ("t.csv", 'path,cat\na.png,1\n"b\nc.png",1\n', "b\\nc.png", "t.csv:3"),
        ("t.csv", "path,cat\na.png,1\na\0.png,1\n", "a\\x00.png", "t.csv:3"),
        (
            "t.jsonl",
            '{"path": "a.png", "cat": 1}\n{"path": "\\ud800.png", "cat": 1}\n',
            "\\ud800.png",
            "t.jsonl:2",
        ),
    ],
)
def test_a_name_that_no_file_can_have_costs_its_row_not_the_table(
    root: Path, tmp_path: Path, name: str, content: str | bytes, path: str, where: str
) -> None:
    (row,) = dropped(save(root, name, content), tmp_path / "run")
    assert (row["path"], row["reason"]) == (path, "unreadable")
    assert row["where"].endswith(where)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("~/a.png", "starts with ~, which stands for no folder here"),
        ("..\\a.png", "has backslashes; folders are separated by /"),
        ("x\\a.png", "has backslashes"),
        ("file:///a.png", "is an address, not a path"),
        ("https://example.org/a.png", "is an address, not a path"),
    ],
)
def test_paths_of_other_programs_name_their_line(
    root: Path, tmp_path: Path, path: str, why: str
) -> None:
    source = save(root, "t.csv", f"path,cat\na.png,1\n{path},1\n")
    text = refused(source, tmp_path / "run")
    assert f"t.csv:3: {path!r} {why}" in text
    report = check(Recipe(name="x", data=DataSection(source=source, tags=("cat",))), QUIET)
    assert report.problems[0] in text


def test_a_file_that_is_called_so_is_taken(root: Path, tmp_path: Path) -> None:
    for name in ("~b.png", "b\\c.png"):
        Image.new("RGB", (8, 8), (len(name), 0, 0)).save(root / name)
    source = save(root, "t.csv", "path,cat\na.png,1\n~b.png,1\nb\\c.png,1\n")
    assert dropped(source, tmp_path / "run") == []


def test_what_is_left_out_is_told_with_counts_reasons_and_rows(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "bcd":
        Image.new("RGB", (8, 8), (ord(name), 0, 0)).save(root / f"{name}.png")
    rows = ["a.png,1", "gone.png,1", "b.png,1", "b.png,0", "c.png,1", "c.png,1"]
    rows += [f"gone{number}.png,1" for number in range(4)]
    source = save(root, "t.csv", "path,cat\n" + "\n".join(rows) + "\n")
    section = DataSection(source=source, tags=("cat",), max_rejected_share=1.0)
    recipe = Recipe(name="x", data=section)
    run(recipe, Workspace(tmp_path / "run"), LineProgress(sys.stderr))
    said = capsys.readouterr().err
    table = root / "t.csv"
    assert (
        f"left out 7 of 10 rows, which {tmp_path}/run/dataset/rejected.csv lists: "
        "1 conflicting labels: "
        f"{table}:5; 1 duplicate: {table}:7; 5 missing: {table}:3, {table}:8, "
        f"{table}:9 and 2 more"
    ) in said
    strict = recipe.replace(data=section.replace(max_rejected_share=0.05))
    with pytest.raises(InputError, match=r"1 conflicting labels: .*t\.csv:5;"):
        run(strict, Workspace(tmp_path / "strict"), QUIET)


def test_hidden_files_are_passed_over_and_told(root: Path, tmp_path: Path) -> None:
    (root / "cat").mkdir()
    (root / "a.png").rename(root / "cat" / "a.png")
    (root / "cat" / ".hidden.png").write_bytes((root / "cat" / "a.png").read_bytes())
    (root / "cat" / "notes.txt").write_text("x")
    section = DataSection(source=root, tags=("cat",))
    report = check(Recipe(name="x", data=section), QUIET)
    assert (report.images, report.ignored_files) == (1, 2)
    assert any(f"in {root}: 2 files, hidden" in said for said in report.advice)


def read_regions(images: Path) -> None:
    read_listing(DataSection(source=images, format="regions"))


def read_folders(images: Path) -> None:
    read_listing(DataSection(source=images, format="folders"))


def read_unlabelled(images: Path) -> None:
    open_unlabelled(images, 1)


@pytest.mark.parametrize("read", [read_folders, read_regions, read_unlabelled])
def test_a_folder_without_permission_is_named(read: Callable[[Path], None]) -> None:
    # pytest's folders are closed to the user that root becomes here.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for file in ("open/a.png", "open/a.json", "shut/b.png", "shut/b.json"):
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text("{}")
        (folder / "shut").chmod(0o000)
        am_root = os.geteuid() == 0
        if am_root:
            os.seteuid(65534)
        try:
            with pytest.raises(InputError) as caught:
                read(folder)
        finally:
            if am_root:
                os.seteuid(0)
            (folder / "shut").chmod(0o700)
    assert f"{folder / 'shut'}: cannot be read: Permission denied" in str(caught.value)


def test_a_linked_folder_without_permission_is_named() -> None:
    # pytest's folders are closed to the user that root becomes here.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "images" / "dog").mkdir(parents=True)
        (folder / "closed").mkdir(mode=0o000)
        (folder / "images" / "cat").symlink_to(folder / "closed")
        am_root = os.geteuid() == 0
        if am_root:
            os.seteuid(65534)
        try:
            with pytest.raises(InputError) as caught:
                read_listing(DataSection(source=folder / "images", format="folders"))
        finally:
            if am_root:
                os.seteuid(0)
    assert f"{folder / 'images' / 'cat'}: cannot be read: Permission denied" in str(caught.value)


@pytest.mark.parametrize("n", [1, 70])  # in this process; in workers
def test_a_run_folder_that_cannot_be_written_is_named(root: Path, tmp_path: Path, n: int) -> None:
    for i in range(n):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(root / f"{i}.png")
    source = save(root, "t.csv", "path,cat\n" + "".join(f"{i}.png,1\n" for i in range(n)))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "dataset").write_text("a file where a folder belongs")
    assert "cannot be written" in refused(source, tmp_path / "run")


def test_all_images_unreadable_is_refused_even_without_a_limit(root: Path, tmp_path: Path) -> None:
    (root / "a.png").write_bytes(b"x")
    source = save(root, "t.csv", "path,cat\na.png,1\n")
    text = refused(source, tmp_path / "run", max_rejected_share=1.0)
    assert "not one of 1 rows gives a usable image (1 unreadable: " in text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("gone.csv", "no such file or folder"),
        ("a.png", "format not recognised"),
        (".", "neither class folders with images nor Region Cropper files"),
    ],
)
def test_a_source_of_no_format_is_refused(
    root: Path, tmp_path: Path, source: str, message: str
) -> None:
    assert message in refused(root / source, tmp_path / "run")


def test_a_root_that_is_not_there_is_refused(root: Path, tmp_path: Path) -> None:
    source = save(root, "t.csv", "path,cat\na.png,1\n")
    text = refused(source, tmp_path / "run", root=tmp_path / "gone")
    assert "no such folder; set data.root" in text


@pytest.mark.parametrize("format_", ["wide", "list", "object_value"])
def test_a_table_format_over_a_folder_is_refused(root: Path, tmp_path: Path, format_: str) -> None:
    assert "needs a table" in refused(root, tmp_path / "run", format=format_)


def test_values_of_objects_need_a_single_tag(root: Path, tmp_path: Path) -> None:
    source = save(root, "t.csv", "objectId,value\na,1\n")
    assert "labels one tag" in refused(source, tmp_path / "run", tags=("cat", "dog"))


def test_unknown_tags_can_be_ignored(root: Path, tmp_path: Path) -> None:
    source = save(root, "t.csv", 'path,tags\na.png,"cat,bird"\n')
    section = DataSection(source=source, tags=("cat",), unknown_tags="ignore")
    result = run(Recipe(name="x", data=section), Workspace(tmp_path / "run"), QUIET)
    assert [tag.name for tag in result.unknown_tags] == ["bird"]


@pytest.mark.parametrize("survey_first", [True, False])
def test_a_source_that_cannot_be_looked_at_is_named(tmp_path: Path, survey_first: bool) -> None:
    source = tmp_path / ("a" * 300 + ".csv")
    with pytest.raises(InputError, match="cannot be looked at: File name too long"):
        survey(source) if survey_first else read_listing(DataSection(source=source))


def test_a_weight_beyond_all_numbers_names_its_line(root: Path, tmp_path: Path) -> None:
    source = save(root, "t.jsonl", json.dumps({"path": "a.png", "cat": 1, "often": 10**400}))
    told = refused(source, tmp_path / "run", weight_column="often")
    assert "t.jsonl:1: column 'often' is 1000" in told


def test_a_column_of_weights_is_refused_where_there_are_no_columns(
    root: Path, tmp_path: Path
) -> None:
    (root / "cat").mkdir()
    (root / "a.png").rename(root / "cat" / "a.png")
    told = refused(root, tmp_path / "run", weight_column="often")
    assert "data.weight_column is for tables, but this is read as 'folders'" in told


@pytest.mark.parametrize("name", ["group", "split", "path"])
def test_a_column_is_not_both_labels_and_something_else(
    root: Path, tmp_path: Path, name: str
) -> None:
    columns = dict.fromkeys(("path", "cat", name))
    rows = f"{','.join(columns)}\na.png{',1' * (len(columns) - 1)}\n"
    told = refused(save(root, "t.csv", rows), tmp_path / "run", tags=("cat", name), format="wide")
    assert (
        f"column {name!r} is a tag of data.tags, and data.{name}_column says {name!r} too" in told
    )


def test_a_tag_may_be_called_as_a_column_that_is_named_otherwise(root: Path) -> None:
    source = save(root, "t.csv", "path,cat,group,film\na.png,1,0,x\n")
    section = DataSection(source=source, tags=("cat", "group"), group_column="film")
    (entry,) = read_listing(section).entries
    assert (entry.labels, entry.group) == ((1, 0), "x")


def test_a_class_folder_whose_name_is_no_text_is_told(root: Path, tmp_path: Path) -> None:
    for name in (b"cat", b"dog\xff"):
        folder = os.fsencode(root) + b"/" + name
        os.mkdir(folder)  # noqa: PTH102 (bytes)
        Image.new("L", (8, 8), len(name)).save(os.fsdecode(folder + b"/a.png"))
    section = DataSection(source=root, tags=("cat",), unknown_tags="ignore", max_rejected_share=0.5)
    result = run(Recipe(name="x", data=section), Workspace(tmp_path / "run"), QUIET)
    assert [tag.name for tag in result.unknown_tags] == [r"dog\udcff"]


def test_files_that_a_run_would_miss_later_are_problems_of_the_check(
    root: Path, tmp_path: Path
) -> None:
    source = save(root, "t.csv", "path,cat\na.png,1\n")
    recipe = Recipe.model_validate(
        {
            "name": "x",
            "data": {"source": source, "tags": ("cat",)},
            "bundle": {"attribution": tmp_path / "none.md"},
            "teacher": {"runs": (tmp_path,), "pictures": tmp_path / "none"},
        }
    )
    problems = "\n".join(check(recipe, QUIET, named_files.problems(recipe)).problems)
    assert "bundle.attribution names a file" in problems
    assert "teacher.pictures: " in problems
