"""What a source holds is found out with the readers that a run uses."""

import json
from pathlib import Path

import pytest

from edgetag.dataset.formats import read_listing
from edgetag.dataset.survey import survey
from edgetag.errors import InputError
from tests.dataset.conftest import MakePicture


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def region_file(root: Path, name: str, *labels: int) -> None:
    rect = {"left": 0, "top": 0, "right": 9, "bottom": 9}
    regions = [{"label": label, "probability": 1.0, "rect": rect} for label in labels]
    document = {"generator": "Region Cropper", "file_name": f"{name}.png", "regions": regions}
    write(root / f"{name}.json", json.dumps(document))


def test_class_folders_name_the_tags(root: Path, picture: MakePicture) -> None:
    for number, tag in enumerate(("dog", "cat", "dog")):
        picture(f"{tag}/{number}.png", number, (300, 200))
    (root / "empty").mkdir()
    found = survey(root)
    assert (found.data.format, found.data.tags) == ("folders", ("cat", "dog"))
    assert (found.rows, found.longer_side, found.missing_files) == (3, 300, 0)


def test_columns_of_labels_are_tags_and_notes_are_not(root: Path, picture: MakePicture) -> None:
    for name in "abc":
        picture(f"{name}.png", ord(name))
    text = "path,cat,width,dog,bird,note,split\na.png,1,80,,0,x,train\nb.png,0,80,1,0,,\n"
    found = survey(write(root / "t.csv", text))
    assert (found.data.format, found.data.tags) == ("wide", ("cat", "dog"))
    assert found.never_present == ("bird",)
    assert "left out, since no picture has them: bird" in found.sentence()
    assert sum(counts.images for counts in found.splits.values()) == 2
    assert "train" in found.splits


def test_a_column_with_a_slip_among_its_labels_is_left_out_and_told(
    root: Path, picture: MakePicture
) -> None:
    for name in "abc":
        picture(f"{name}.png", ord(name))
    text = "path,cat,dog,width\na.png,1,1,80\nb.png,0,yes,90\nc.png,1,0,1\n"
    surveyed = survey(write(root / "t.csv", text))
    assert surveyed.data.tags == ("cat",)
    assert "3 pictures of 1 tag (wide); left out, since a cell is no label" in surveyed.sentence()
    assert f"dog ('yes' at {root / 't.csv'}:3); to have" in surveyed.sentence()
    assert "width" not in surveyed.sentence(), "a note"
    assert survey(root / "t.csv", ["cat"]).spoilt == (), "whoever names tags knows them"


def test_a_column_called_group_that_holds_labels_is_a_tag_and_told(
    root: Path, picture: MakePicture
) -> None:
    for name in "abc":
        picture(f"{name}.png", ord(name))
    table = write(root / "t.csv", "path,cat,group\na.png,1,1\nb.png,0,0\nc.png,1,\n")
    surveyed = survey(table)
    assert surveyed.data.tags == ("cat", "group")
    assert surveyed.data.split.by == "content"
    assert "'group' is a tag, since it holds 1 and 0 alone" in surveyed.sentence()
    assert [entry.group for entry in read_listing(surveyed.data).entries] == [None] * 3
    assert survey(table, ["group"]).data.tags == ("group",)
    assert survey(table, ["cat"]).data.split.by == "group", "whoever names tags knows them"


def test_columns_called_group_and_split_are_tags_where_somebody_says_so(
    root: Path, picture: MakePicture
) -> None:
    for name in "ab":
        picture(f"{name}.png", ord(name))
    table = write(root / "t.csv", "path,split,group,no_group\na.png,1,0,x\nb.png,0,1,y\n")
    section = survey(table, ["split", "group"]).data
    assert [entry.labels for entry in read_listing(section).entries] == [(1, 0), (0, 1)]
    assert section.group_column == "no_no_group"


def test_one_column_of_labels_called_label_is_a_tag_not_a_list(
    root: Path, picture: MakePicture
) -> None:
    picture("a.png")
    found = survey(write(root / "t.csv", "path,label\na.png,1\na.png,0\n"))
    assert (found.data.format, found.data.tags) == ("wide", ("label",))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "image,labels\nx/a.png,cat|dog\nx/b.png,dog\n"),
        (
            "t.jsonl",
            '{"image": "x/a.png", "labels": ["dog", "cat"]}\n{"image": "x/b.png", "labels": []}\n',
        ),
    ],
)
def test_other_columns_and_separators_are_found(
    root: Path, picture: MakePicture, name: str, text: str
) -> None:
    picture("x/a.png", 1)
    picture("x/b.png", 2)
    found = survey(write(root / name, text)).data
    assert (found.format, found.path_column, found.tags_column) == ("list", "image", "labels")
    assert found.tags == ("cat", "dog")
    assert read_listing(found).entries[0].labels == (1, 1)


@pytest.mark.parametrize("place", ["images", "../beside"])
def test_the_folder_that_paths_lead_to_files_from_becomes_the_root(
    root: Path, picture: MakePicture, place: str
) -> None:
    folder = (root / place).resolve()
    picture(f"{place}/a.png")
    source = write(root / "t.csv", "path,cat\na.png,1\n")
    found = survey(source, near=folder)
    assert found.data.root == folder
    assert found.missing_files == 0


def test_files_that_are_not_there_are_told(root: Path) -> None:
    found = survey(write(root / "t.csv", "path,cat\na.png,1\nb.png,1\n"))
    assert found.missing_files == found.looked_for == 2
    assert "2 of 2 files that were looked for are not there" in found.sentence()
    assert (found.longer_side, found.splits) == (None, {})


def test_files_outside_the_root_are_told(root: Path, picture: MakePicture) -> None:
    picture("a.png", 1)
    found = survey(write(root / "t.csv", f"path,cat\n{root / 'a.png'},1\n../b.png,0\na.png,1\n"))
    assert (found.missing_files, found.looked_for) == (2, 3)


def test_region_files_give_numbers_to_be_named(root: Path, picture: MakePicture) -> None:
    for number, name in enumerate("ab"):
        picture(f"{name}.png", number)
        region_file(root, name, 0, number * 2)
    found = survey(root)
    assert found.data.format == "regions"
    assert found.data.tags == ("label_0", "label_1", "label_2")
    assert survey(root, ("cat", "dog", "bird")).data.tags == ("cat", "dog", "bird")


def test_a_table_without_columns_lacks_its_paths(root: Path) -> None:
    with pytest.raises(InputError, match=r"t\.jsonl: missing column 'path'"):
        survey(write(root / "t.jsonl", "{}"))


@pytest.mark.parametrize(
    ("name", "text"),
    [("t.csv", "objectId,value\n70,1\n"), ("t.jsonl", '{"objectId": 70, "value": 1}')],
)
def test_a_table_of_object_ids_has_one_tag(
    root: Path, picture: MakePicture, name: str, text: str
) -> None:
    picture("files/70.png")
    found = survey(write(root / name, text))
    assert (found.data.format, found.data.tags) == ("object_value", ("value",))
    assert found.data.root == root / "files"
    assert found.missing_files == 0


@pytest.mark.parametrize(
    "text",
    [
        "path,cat\na.png,1\n",
        "path,tags\na.png,cat\n",
        "objectId,value\na,1\n",
        "path,objectId,value\na.png,7,1\n",
    ],
)
def test_a_new_recipe_names_the_format_that_its_source_is_recognised_as(
    root: Path, picture: MakePicture, text: str
) -> None:
    picture("a.png")
    drafted = survey(write(root / "t.csv", text)).data
    unnamed = drafted.replace(format="auto")
    assert read_listing(unnamed).format == drafted.format


def test_rare_tags_get_places_in_every_split(root: Path, picture: MakePicture) -> None:
    for number in range(12):
        picture(f"{'rare' if number < 4 else 'usual'}/{number}.png", number)
    found = survey(root)
    assert found.data.split.rare_tags_first
    assert all(found.splits[name].tags["rare"].positives for name in found.splits)
    assert set(found.splits) == {"train", "validation", "test"}


def test_groups_are_kept_together(root: Path, picture: MakePicture) -> None:
    picture("a.png")
    found = survey(write(root / "t.csv", "path,cat,group\na.png,1,g\n"))
    assert found.data.split.by == "group"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,note\na.png,hello\n", "no column holds labels"),
        ("a,b\n1,2\n", "missing column 'path'"),
        ("path,tags\na.png,\n", "names no tag"),
    ],
)
def test_a_table_that_labels_nothing_is_refused(root: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        survey(write(root / "t.csv", text))


def test_a_column_split_of_ones_and_noughts_is_asked_about_and_taken_where_it_is_named_as_a_tag(
    root: Path, picture: MakePicture
) -> None:
    for name in ("a.png", "b.png"):
        picture(name)
    table = write(root / "t.csv", "path,cat,split\na.png,1,0\nb.png,0,1\n")
    for tags in ((), ("cat",)):
        with pytest.raises(InputError, match=r"'split' holds 1 and 0; .* --tags TAG,split; if it"):
            survey(table, tags)
    section = survey(table, ("cat", "split")).data
    assert (section.tags, section.split_column) == (("cat", "split"), "no_split")


def test_pictures_without_class_folders_are_told_from_an_empty_folder(
    root: Path, picture: MakePicture
) -> None:
    picture("a.png")
    with pytest.raises(InputError, match="make a folder per tag in it, or write a table"):
        survey(root)


def test_words_for_labels_are_shown_under_whatever_name_the_paths_have(root: Path) -> None:
    table = write(root / "t.csv", "file,cat\na.png,yes\nb.png,no\n")
    with pytest.raises(InputError, match=r"1 or true.*t\.csv:2 the table has 'cat' \('yes'\)"):
        survey(table)


def test_a_source_that_is_not_there_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder; --source names"):
        survey(root / "gone")


def test_a_table_of_one_tag_is_not_drafted_for_several(root: Path) -> None:
    source = write(root / "t.csv", "objectId,value\na,1\n")
    with pytest.raises(InputError, match=r"labels one tag, but data\.tags lists 2"):
        survey(source, ["cat", "dog"])
