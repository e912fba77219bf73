"""Bad data gets one clear message that names the place and the fix, and leaves nothing behind."""

import json
import os
import random
import re
from pathlib import Path

import pytest
from PIL import Image

from edgetag.dataset.check import check
from edgetag.dataset.stage import run
from edgetag.errors import ExitCode, InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import DataSection, Recipe
from edgetag.workspace import Workspace

QUIET = SilentProgress()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with one sound image."""
    folder = tmp_path / "data"
    folder.mkdir()
    Image.linear_gradient("L").save(folder / "a.png")
    return folder


def refused(source: Path, run_folder: Path, tags: tuple[str, ...] = ("cat",), **options) -> str:
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
        ("path,cat\na.png,1\na.png,2\n", r"t\.csv:3: column 'cat' is '2'; a label is 1, 0, or"),
        ("path,cat\na.png,yes\n", r"t\.csv:2: column 'cat' is 'yes'"),
        ("path,cat\na.png,-1\n", r"t\.csv:2: column 'cat' is '-1'"),
        ("path,cat\na.png,0.5\n", r"t\.csv:2: column 'cat' is '0.5'"),
        ("path,cat\n,1\n", r"t\.csv:2: column 'path' is ''; give the image's path"),
        ("path,cat\na.png,1,1\n", r"t\.csv:2: 3 cells, but the header names 2 columns"),
        ("path,cat\na.png\n", r"t\.csv:2: 1 cells, but the header names 2 columns"),
        ("path,cat,cat\na.png,1,1\n", r"t\.csv:1: two columns are named 'cat'"),
        ("path;cat\na.png;1\n", r"t\.csv:1: the columns are not separated by commas"),
        ('path,cat\n"a.png,1\n', r"t\.csv:2: not valid CSV"),
        ('path,cat\n"a.png"x,1\n', r"t\.csv:2: not valid CSV"),
        (b"path,cat\na.png,1\n\xff\xfe.png,1\n", r"t\.csv:3: not UTF-8 text"),
        ("path,cat\na\0.png,1\n", r"t\.csv:2: column 'path' is .*no file's path"),
        ("path,cat,split\na.png,1,val\n", r"t\.csv:2: column 'split' is 'val'; a split is train"),
        ("path,cat,split\na.png,1,test_\n", r"t\.csv:2: column 'split' is 'test_'"),
        ("path,cat,dog\na.png,1,1\n", r"column 'dog': not in data.tags: 'dog'"),
        ("path,tags\na.png,bird\n", r"t\.csv:2: not in data.tags: 'bird'"),
        ("objectId,value\na,2\n", r"t\.csv:2: column 'value' is '2'"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(root, tmp_path, content, message):
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
        ('{"path": "\\ud800.png", "cat": 1}', r"t\.jsonl:1: column 'path'"),
        ('{"path": "a.png", "tags": {"cat": 1}}', r"t\.jsonl:1: column 'tags' is \{'cat': 1\}"),
        ('{"path": "a.png", "cat": 1, "group": "\\udfff"}', r"t\.jsonl:1: column 'group'"),
        ("\n", r"t\.jsonl: the table has no rows"),
    ],
)
def test_wrong_json_lines_are_refused_with_their_line(root, tmp_path, content, message):
    assert re.search(message, refused(save(root, "t.jsonl", content), tmp_path / "run"))


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", random.Random(0).randbytes(500), b"PAR1" + b"\0" * 99 + b"PAR1"]
)
def test_a_damaged_parquet_file_is_refused(root, tmp_path, content):
    message = refused(save(root, "t.parquet", content), tmp_path / "run")
    assert "t.parquet: not a readable Parquet file" in message


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
        ({"probability": 1.5}, r"regions\.0\.probability"),
        ({"rect": {"left": 5, "top": 0, "right": 5, "bottom": 9}}, r"region 1 is empty"),
        ({"rect": {"left": 9, "top": 0, "right": 5, "bottom": 9}}, r"region 1 is empty"),
        ({"rect": {"left": float("inf"), "top": 0, "right": 5, "bottom": 9}}, r"rect\.left"),
        ({"rect": {"left": float("nan"), "top": 0, "right": 5, "bottom": 9}}, r"rect\.left"),
    ],
)
def test_wrong_region_files_are_refused(root, tmp_path, change, message):
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
def test_what_is_no_region_json_is_refused(root, tmp_path, content):
    assert "a.json" in refused(save(root, "a.json", content), tmp_path / "run")


@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/hostname", "x/../../secret.png", "..", ".", "link.png", "out/b"]
)
def test_paths_that_leave_the_root_are_refused_and_reported(root, tmp_path, path):
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


def test_links_inside_the_root_are_fine(root, tmp_path):
    (root / "link.png").symlink_to(root / "a.png")
    source = save(root, "t.csv", "path,cat\nlink.png,1\n./a.png,1\n")
    recipe = Recipe(name="x", data=DataSection(source=source, tags=("cat",)))
    assert run(recipe, Workspace(tmp_path / "run"), QUIET).rejected == {"duplicate": 1}


def test_a_class_folder_that_links_out_of_the_root_is_refused(root, tmp_path):
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    Image.new("RGB", (8, 8)).save(outside / "b.png")
    (root / "cat").symlink_to(outside)
    assert "leaves the data root" in refused(root, tmp_path / "run", format="folders")


def test_a_pipe_in_place_of_an_image_does_not_hang(root):
    os.mkfifo(root / "pipe.png")
    source = save(root, "t.csv", "path,cat\na.png,1\npipe.png,1\n")
    report = check(Recipe(name="x", data=DataSection(source=source, tags=("cat",))), QUIET)
    assert [(d.path, d.detail) for d in report.dropped] == [("pipe.png", "not a regular file")]


def test_a_file_name_that_is_no_text_is_refused(root, tmp_path):
    (root / "cat").mkdir()
    name = os.fsdecode(b"\xff.png")
    try:
        (root / "cat" / name).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert "rename the file" in refused(root, tmp_path / "run", format="folders")


@pytest.mark.parametrize("n", [1, 70])  # in this process; in workers
def test_a_run_folder_that_cannot_be_written_is_named(root, tmp_path, n):
    for i in range(n):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(root / f"{i}.png")
    source = save(root, "t.csv", "path,cat\n" + "".join(f"{i}.png,1\n" for i in range(n)))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "dataset").write_text("a file where a folder belongs")
    assert "cannot be written" in refused(source, tmp_path / "run")


def test_all_images_unreadable_is_refused_even_without_a_limit(root, tmp_path):
    (root / "a.png").write_bytes(b"x")
    source = save(root, "t.csv", "path,cat\na.png,1\n")
    text = refused(source, tmp_path / "run", max_rejected_share=1.0)
    assert "not one of 1 rows gives a usable image (1 unreadable)" in text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("gone.csv", "no such file or folder"),
        ("a.png", "format not recognised"),
        (".", "neither class folders with images nor Region Cropper files"),
    ],
)
def test_a_source_of_no_format_is_refused(root, tmp_path, source, message):
    assert message in refused(root / source, tmp_path / "run")


def test_a_root_that_is_not_there_is_refused(root, tmp_path):
    source = save(root, "t.csv", "path,cat\na.png,1\n")
    text = refused(source, tmp_path / "run", root=tmp_path / "gone")
    assert "no such folder; set data.root" in text


@pytest.mark.parametrize("format_", ["wide", "list", "object_value"])
def test_a_table_format_over_a_folder_is_refused(root, tmp_path, format_):
    assert "needs a table" in refused(root, tmp_path / "run", format=format_)


def test_values_of_objects_need_a_single_tag(root, tmp_path):
    source = save(root, "t.csv", "objectId,value\na,1\n")
    assert "labels one tag" in refused(source, tmp_path / "run", tags=("cat", "dog"))


def test_unknown_tags_can_be_ignored(root, tmp_path):
    source = save(root, "t.csv", 'path,tags\na.png,"cat,bird"\n')
    section = DataSection(source=source, tags=("cat",), unknown_tags="ignore")
    result = run(Recipe(name="x", data=section), Workspace(tmp_path / "run"), QUIET)
    assert [tag.name for tag in result.unknown_tags] == ["bird"]
