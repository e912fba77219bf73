"""Corrections lie over the source's labels: which answer counts, and what the manifest says."""

import csv
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.dataset import open_dataset
from edgetag.dataset.answers import COLUMNS, Answer, answers_csv, read_answers
from edgetag.dataset.check import check
from edgetag.dataset.stage import inputs_fingerprint, run
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import DataSection, Recipe, SplitSection
from edgetag.tags import Vocabulary
from edgetag.workspace import Workspace
from tests.dataset.conftest import MakePicture, MakeRecipe, MakeTable

QUIET = SilentProgress()
TAGS = Vocabulary(("cat", "dog"))
Corrected = Callable[..., Recipe]


@pytest.fixture
def corrected(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> Corrected:
    """Ten pictures, of which every second has a cat and whose dogs are unknown; with answers."""
    for number in range(10):
        picture(f"{number}.png", number)
    rows = [(f"{number}.png", number % 2, "") for number in range(10)]
    source = table("t.csv", [("path", *TAGS.names), *rows])

    def make(*rows: Sequence[object], **more: object) -> Recipe:
        answers = table("answers.csv", [("path", "tag", "label", "by", "at"), *rows])
        section = DataSection(source=source, tags=TAGS.names, corrections=(answers,))
        return make_recipe(section.replace(**more))

    return make


def labels_of(workspace: Workspace, name: str) -> tuple[int | None, int | None]:
    manifest = pl.read_parquet(workspace.manifest)
    row = manifest.filter(pl.col("path") == name).row(0, named=True)
    return row["tag:cat"], row["tag:dog"]


def test_an_answer_counts_in_place_of_the_source_which_stays_as_it_is(
    corrected: Corrected, workspace: Workspace, root: Path
) -> None:
    source = (root / "t.csv").read_bytes()
    recipe = corrected(
        ("0.png", "cat", 1, "ann", ""),
        ("1.png", "cat", 1, "ann", ""),
        ("2.png", "dog", 0, "ann", ""),
        ("3.png", "cat", "", "ann", ""),
    )
    result = run(recipe, workspace, QUIET)
    assert [labels_of(workspace, f"{number}.png") for number in range(4)] == [
        (1, None),
        (1, None),
        (0, 0),
        (None, None),
    ]
    assert (root / "t.csv").read_bytes() == source
    assert result.corrections is not None
    assert result.corrections.changed == 3
    assert result.corrections.confirmed == 1
    dataset = open_dataset(workspace)
    first_four = np.arange(4, dtype=np.int64)
    answered = dataset.answered(first_four)
    assert answered.tolist() == [[True, False], [True, False], [False, True], [True, False]]
    assert np.argwhere(dataset.confirmed(first_four)).tolist() == [[1, 0]]
    with workspace.corrections.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["before"], row["label"], row["outcome"]) for row in rows] == [
        ("0.png", "0", "1", "changed"),
        ("1.png", "1", "1", "confirmed"),
        ("2.png", "", "0", "changed"),
        ("3.png", "1", "", "changed"),
    ]
    assert rows[0]["where"] == "answers.csv:2"


def test_of_a_person_the_last_answer_counts_whatever_the_order_of_rows(
    corrected: Corrected, workspace: Workspace
) -> None:
    recipe = corrected(
        ("0.png", "cat", 1, "ann", "2026-11-28T12:00:00+02:00"),
        ("0.png", "cat", 0, "ann", "2026-11-28T09:59:59Z"),
        ("2.png", "cat", 0, "ann", ""),
        ("2.png", "cat", 1, "ann", ""),
    )
    run(recipe, workspace, QUIET)
    assert labels_of(workspace, "0.png") == (1, None)
    assert labels_of(workspace, "2.png") == (1, None)


def test_the_answer_of_most_people_counts_and_a_tie_leaves_the_label_and_is_listed(
    corrected: Corrected, workspace: Workspace
) -> None:
    recipe = corrected(
        ("0.png", "cat", 1, "ann", ""),
        ("0.png", "cat", 0, "bob", ""),
        ("0.png", "cat", 1, "cy", ""),
        ("1.png", "cat", 1, "ann", ""),
        ("1.png", "cat", 0, "bob", ""),
    )
    report = check(recipe, QUIET)
    assert [(each.path, each.outcome, each.label) for each in report.corrections] == [
        ("0.png", "changed", 1),
        ("1.png", "conflict", 1),
    ]
    result = run(recipe, workspace, QUIET)
    assert result.corrections is not None
    assert result.corrections.conflicts == 1
    assert result.corrections.people == ("ann", "bob", "cy")
    manifest = pl.read_parquet(workspace.manifest)
    assert manifest["answered"].list.len().sum() == 1
    assert manifest["confirmed"].list.len().sum() == 0


def test_answers_about_other_pictures_are_listed_and_change_nothing(
    corrected: Corrected, picture: MakePicture, root: Path, make_recipe: MakeRecipe
) -> None:
    recipe = corrected(("gone.png", "cat", 1, "ann", ""))
    before = hashlib.sha256((root / "0.png").read_bytes()).hexdigest()
    picture("0.png", 77)
    (root / "more.csv").write_text(
        answers_csv(
            [Answer(before, "0.png", "cat", 1, "ann", ""), Answer("x", "", "cat", 1, "", "")]
        )
    )
    section = recipe.data.replace(corrections=(*recipe.data.corrections, root / "more.csv"))
    report = check(make_recipe(section), QUIET)
    assert [each.outcome for each in report.corrections] == [
        "no such picture",
        "no longer the same picture",
        "no such picture",
    ]


def test_a_repeat_of_a_picture_is_corrected_under_either_name(
    corrected: Corrected, root: Path, workspace: Workspace, table: MakeTable
) -> None:
    recipe = corrected(("again.png", "dog", 1, "ann", ""))
    (root / "again.png").write_bytes((root / "4.png").read_bytes())
    with (root / "t.csv").open("a") as file:
        file.write("again.png,0,\n")
    run(recipe, workspace, QUIET)
    assert labels_of(workspace, "4.png") == (0, 1)


def test_of_several_regions_an_answer_needs_the_identity(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> None:
    picture("a.png", 1)
    digest = hashlib.sha256((root / "a.png").read_bytes()).hexdigest()
    source = table(
        "t.csv", [("path", "at", "cat"), ("a.png", "0 0 20 20", 0), ("a.png", "20 0 40 20", 0)]
    )
    answers = [
        Answer("", "a.png", "cat", 1, "ann", ""),
        Answer(f"{digest}#20,0,40,20", "", "cat", 1, "ann", ""),
    ]
    (root / "c.csv").write_text(answers_csv(answers))
    section = DataSection(
        source=source, tags=("cat",), crop_column="at", corrections=(root / "c.csv",)
    )
    report = check(make_recipe(section), QUIET)
    assert [each.outcome for each in report.corrections] == ["changed", "no single region"]


def test_a_correction_moves_no_picture_to_another_split(
    corrected: Corrected, workspace: Workspace, tmp_path: Path
) -> None:
    recipe = corrected(("0.png", "cat", 1, "ann", ""), split=SplitSection(rare_tags_first=True))
    run(recipe, workspace, QUIET)
    plain = recipe.replace(data=recipe.data.replace(corrections=()))
    other = Workspace(tmp_path / "plain")
    result = run(plain, other, QUIET)
    assert result.corrections is None
    assert not other.corrections.exists()
    columns = ["path", "split"]
    first, second = (pl.read_parquet(each.manifest)[columns] for each in (workspace, other))
    assert first.equals(second)


def contradict(root: Path, name: str, row: str) -> None:
    """List a picture once more, under another name, with labels that contradict its own."""
    copy = root / f"again-{name}"
    copy.write_bytes((root / name).read_bytes())
    with (root / "t.csv").open("a") as file:
        file.write(f"{copy.name},{row}\n")


def test_an_answer_decides_where_rows_of_one_picture_contradict_each_other(
    corrected: Corrected, root: Path, workspace: Workspace
) -> None:
    digest = hashlib.sha256((root / "1.png").read_bytes()).hexdigest()
    recipe = corrected(
        ("0.png", "cat", 1, "ann", ""),
        ("again-1.png", "cat", 0, "ann", ""),
        ("2.png", "dog", 1, "ann", ""),
        ("3.png", "cat", "", "ann", ""),
    )
    for number in range(5):
        contradict(root, f"{number}.png", f"{1 - number % 2},0")
    result = run(recipe, workspace, QUIET)
    assert labels_of(workspace, "0.png") == (1, 0)
    assert labels_of(workspace, "1.png") == (0, 0)
    # Nobody has said which is right, but the answer about the other tag is not lost.
    assert labels_of(workspace, "2.png") == (None, 1)
    assert labels_of(workspace, "3.png") == (None, 0)
    assert labels_of(workspace, "4.png") == (None, 0)
    assert result.rejected == {"conflicting labels": 5}
    dataset = open_dataset(workspace)
    everything = np.arange(len(dataset.manifest), dtype=np.int64)
    contested = np.flatnonzero(dataset.contested(everything)[:, 0])
    assert dataset.paths(contested) == ["2.png", "4.png"]
    with workspace.corrections.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["before"], row["label"], row["outcome"]) for row in rows] == [
        ("", "1", "changed"),
        ("", "0", "changed"),
        ("0", "1", "changed"),
        ("", "", "confirmed"),
    ]
    assert rows[1]["identity"] == digest


def test_people_who_differ_do_not_decide_a_contradiction(corrected: Corrected, root: Path) -> None:
    recipe = corrected(("0.png", "cat", 1, "ann", ""), ("0.png", "cat", 0, "bob", ""))
    contradict(root, "0.png", "1,")
    report = check(recipe, QUIET)
    assert [(each.outcome, each.label) for each in report.corrections] == [("conflict", None)]


@pytest.mark.parametrize(
    "split", [SplitSection(rare_tags_first=True), SplitSection(balance=True), SplitSection()]
)
def test_answers_about_contested_labels_move_no_picture_to_another_split(
    corrected: Corrected,
    picture: MakePicture,
    root: Path,
    workspace: Workspace,
    tmp_path: Path,
    split: SplitSection,
) -> None:
    answers = [(f"{number}.png", "cat", 1, "ann", "") for number in range(10)]
    recipe = corrected(*answers, split=split, tags=("cat",))
    for number in range(10, 60):
        picture(f"{number}.png", number)
        with (root / "t.csv").open("a") as file:
            file.write(f"{number}.png,{int(number % 3 == 0)},\n")
    for number in range(10):
        contradict(root, f"{number}.png", f"{1 - number % 2},")
    plain = recipe.replace(data=recipe.data.replace(corrections=()))
    other = Workspace(tmp_path / "plain")
    run(plain, other, QUIET)
    run(recipe, workspace, QUIET)
    before, after = (pl.read_parquet(each.manifest) for each in (other, workspace))
    assert after.select("path", "split").equals(before.select("path", "split"))
    assert before["tag:cat"].null_count() == 10 + after["tag:cat"].null_count()


def test_the_data_are_out_of_date_when_a_correction_changes(corrected: Corrected) -> None:
    before = inputs_fingerprint(corrected(("0.png", "cat", 1, "ann", "")))
    assert inputs_fingerprint(corrected(("0.png", "cat", 0, "ann", ""))) != before


def test_the_data_are_out_of_date_when_a_table_bears_the_name_of_somebody_else(
    corrected: Corrected, root: Path
) -> None:
    recipe = corrected()
    digests = set()
    for name in ("app.csv", "elsewhere/app.csv", "ann.csv"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("path,cat\n0.png,0\n")
        section = recipe.data.replace(corrections=(root / name,))
        digests.add(inputs_fingerprint(recipe.replace(data=section)))
    assert len(digests) == 2, "a table's name is a person's, but its folder is nobody's"


def test_a_tag_that_is_none_of_the_recipe_is_refused_or_ignored_as_the_recipe_says(
    corrected: Corrected, workspace: Workspace
) -> None:
    rows = (("0.png", "horse", 1, "ann", ""), ("1.png", "cat", 0, "ann", ""))
    with pytest.raises(InputError, match=r"answers\.csv:2: 'horse' is not in data\.tags; add it"):
        run(corrected(*rows), workspace, QUIET)
    result = run(corrected(*rows, unknown_tags="ignore"), workspace, QUIET)
    assert result.corrections is not None
    assert result.corrections.answers == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("", "cat", 1, "ann", ""), "neither identity nor path"),
        (("0.png", "", 1, "ann", ""), "column 'tag' is empty"),
        (("0.png", "cat", "maybe", "ann", ""), "column 'label' is 'maybe'"),
        (("0.png", "cat", 1, "ann", "2026-11-28T10:00:00"), "give a moment with its zone"),
        (("0.png", "cat", 1, "ann", "yesterday"), "give a moment with its zone"),
        (("0.png", "cat", 1, "ann", "9999-12-31T23:00:00-02:00"), "give a moment with its zone"),
        (("0.png", "cat", 1, "a\x1bnn", ""), "no valid text"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_place(
    corrected: Corrected, workspace: Workspace, row: Sequence[object], says: str
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        run(corrected(row), workspace, QUIET)
    assert "answers.csv:2: " in str(refused.value)


def test_a_missing_table_of_corrections_is_said(corrected: Corrected, root: Path) -> None:
    recipe = corrected(("0.png", "cat", 1, "ann", ""))
    (root / "answers.csv").unlink()
    with pytest.raises(InputError, match=r"answers\.csv: no such file"):
        inputs_fingerprint(recipe)


def test_a_wide_table_of_the_app_is_answers_too(root: Path) -> None:
    path = root / "app.csv"
    path.write_bytes('\ufeffpath,dog,cat\r\n"a, b.png",1,\r\nc.png,,0\r\n'.encode())
    answers = read_answers(path, TAGS)
    assert [(each.path, each.tag, each.label, each.by) for each in answers] == [
        ("a, b.png", "dog", 1, "app"),
        ("c.png", "cat", 0, "app"),
    ]


def test_of_pictures_of_one_name_a_wide_table_tells_which_is_meant(
    corrected: Corrected, root: Path, workspace: Workspace
) -> None:
    recipe = corrected()
    digests = [hashlib.sha256((root / f"{n}.png").read_bytes()).hexdigest() for n in (0, 1)]
    rows = f"path,identity,cat,dog\nsame.png,{digests[0]},,1\nsame.png,{digests[1]},,0\n3.png,,,1\n"
    (root / "app.csv").write_text(rows)
    section = recipe.data.replace(corrections=(root / "app.csv",))
    run(recipe.replace(data=section), workspace, QUIET)
    assert [labels_of(workspace, f"{n}.png") for n in range(4)] == [
        (0, 1),
        (1, 0),
        (0, None),
        (1, 1),
    ]


@pytest.mark.parametrize(("listed", "said"), [("./a.png", "a.png"), ("a.png", ".//a.png")])
def test_a_path_that_is_spelt_with_dots_is_the_same_in_answers_and_labels(
    root: Path,
    picture: MakePicture,
    table: MakeTable,
    make_recipe: MakeRecipe,
    listed: str,
    said: str,
) -> None:
    picture("a.png", 1)
    source = table("t.csv", [("path", "cat"), (listed, 0)])
    answers = table("c.csv", [("path", "tag", "label"), (said, "cat", 1)])
    section = DataSection(source=source, tags=("cat",), corrections=(answers,))
    report = check(make_recipe(section), QUIET)
    assert [each.outcome for each in report.corrections] == ["changed"]


def test_a_digest_may_have_capitals(corrected: Corrected, root: Path, table: MakeTable) -> None:
    digest = hashlib.sha256((root / "0.png").read_bytes()).hexdigest().upper()
    answers = table("c.csv", [("identity", "tag", "label"), (digest, "cat", 1)])
    report = check(corrected(corrections=(answers,)), QUIET)
    assert [each.outcome for each in report.corrections] == ["changed"]


def test_an_answer_about_a_whole_file_is_one_about_its_single_region(
    root: Path, picture: MakePicture, table: MakeTable, make_recipe: MakeRecipe
) -> None:
    picture("a.png", 1)
    digest = hashlib.sha256((root / "a.png").read_bytes()).hexdigest()
    source = table("t.csv", [("path", "at", "cat"), ("a.png", "0 0 20 20", 0)])
    (root / "c.csv").write_text(answers_csv([Answer(digest, "", "cat", 1, "ann", "")]))
    section = DataSection(
        source=source, tags=("cat",), crop_column="at", corrections=(root / "c.csv",)
    )
    report = check(make_recipe(section), QUIET)
    assert [each.outcome for each in report.corrections] == ["changed"]


def test_tables_of_one_name_are_told_where_they_do_not_say_who_answered(
    corrected: Corrected, root: Path
) -> None:
    recipe = corrected()
    tables = tuple(root / folder / "app.csv" for folder in ("one", "two"))
    for number, path in enumerate(tables):
        path.parent.mkdir()
        path.write_text(f"path,cat\n0.png,{number}\n")
    section = recipe.data.replace(corrections=tables)
    (advice,) = check(recipe.replace(data=section), QUIET).advice
    assert advice.startswith("called 'app' in data.corrections: 2 tables; answers in them that do")
    for path in tables:
        path.write_text("path,tag,label,by\n0.png,cat,1,ann\n")
    assert check(recipe.replace(data=section), QUIET).advice == ()


def test_names_that_differ_by_capitals_alone_are_told(corrected: Corrected, root: Path) -> None:
    recipe = corrected()
    path = root / "answers.csv"
    rows = "0.png,cat,1,Ann\n1.png,cat,1,ann\n1.png,cat,1,ANN\n0.png,cat,1,bob\n"
    path.write_text(f"path,tag,label,by\n{rows}")
    section = recipe.data.replace(corrections=(path,))
    (advice,) = check(recipe.replace(data=section), QUIET).advice
    assert advice.startswith("counted as 3 people: 'ANN', 'Ann', 'ann'; if they are one, give ")


def test_a_line_without_a_label_is_no_answer_and_null_says_that_nobody_can_tell(root: Path) -> None:
    path = root / "answers.jsonl"
    path.write_text('{"path": "0.png", "tag": "cat", "label": null}\n')
    assert [each.label for each in read_answers(path, TAGS)] == [None]
    with path.open("a") as file:
        file.write('{"path": "1.png", "tag": "cat", "lable": 1}\n')
    with pytest.raises(InputError, match=r"answers\.jsonl:2: no key 'label'; give 1, 0, or null"):
        read_answers(path, TAGS)


def test_a_table_that_holds_no_answers_is_refused(root: Path) -> None:
    path = root / "other.csv"
    path.write_text("name,horse\na,1\n")
    with pytest.raises(InputError, match="no table of answers"):
        read_answers(path, TAGS)
    path.write_text("tag,label\ncat,1\n")
    with pytest.raises(InputError, match="missing column 'path'"):
        read_answers(path, TAGS)


words = st.text(st.characters(min_codepoint=33, exclude_categories=("C", "Z")), min_size=1)


@pytest.mark.slow
@given(
    st.lists(
        st.builds(
            Answer,
            identity=words,
            path=words,
            tag=words,
            label=st.sampled_from((0, 1, None)),
            by=words,
            at=st.just(""),
        ),
        min_size=1,
    )
)
def test_answers_come_back_from_their_table_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, answers: list[Answer]
) -> None:
    path = tmp_path_factory.mktemp("answers") / "answers.csv"
    path.write_text(answers_csv(answers), encoding="utf-8", newline="")
    read = read_answers(path, TAGS)
    assert [tuple(getattr(each, name) for name in COLUMNS) for each in read] == [
        tuple(getattr(each, name) for name in COLUMNS) for each in answers
    ]
