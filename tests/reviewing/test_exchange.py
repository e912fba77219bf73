"""What comes out of the database, and what goes in: tables, sidecars, Label Studio."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from edgetag.dataset.answers import read_answers
from edgetag.dataset.correcting import majority
from edgetag.dataset.formats.tables import read_table
from edgetag.dataset.view import read_manifest
from edgetag.recipe import load_recipe
from edgetag.reviewing.label_studio import read_tasks
from edgetag.reviewing.opening import open_review
from edgetag.reviewing.result import ReviewExport, ReviewImport
from edgetag.reviewing.store import Change
from edgetag.reviewing.views import CONTESTED, Filter, PictureView
from edgetag.tags import Vocabulary
from tests.label_studio_round import SAID
from tests.support.commands import invoked
from tests.support.reviewed import RECIPE, TAGS, ReviewedRun, make_reviewed, reviewing

HEAD = "path,tag,label,by,at\n"


@pytest.fixture
def run(tmp_path: Path) -> ReviewedRun:
    return make_reviewed(tmp_path, count=12, findings=4)


def table(run: ReviewedRun, name: str, text: str) -> Path:
    path = run.folder / name
    path.write_bytes(text.encode())
    return path


def exported(run: ReviewedRun) -> list[tuple[str, str, int | None, str]]:
    run.do("export", "--to", run.folder / "out.csv")
    answers = read_answers(run.folder / "out.csv", Vocabulary(TAGS))
    return [(each.path, each.tag, each.label, each.by) for each in answers]


def test_answers_go_in_and_out_unchanged_and_a_second_time_changes_nothing(
    run: ReviewedRun,
) -> None:
    rows = "folder0/0.png,cat,1,ann,2026-11-28T09:30:00Z\nfolder1/1.png,dog,,bob,\n"
    file = table(run, "answers.csv", HEAD + rows)
    assert "2 answers, 2 of them new" in run.do("import", file)
    assert "2 answers, 0 of them new" in run.do("import", file)
    assert sorted(exported(run)) == [
        ("folder0/0.png", "cat", 1, "ann"),
        ("folder1/1.png", "dog", None, "bob"),
    ]
    assert "1 of them new" not in run.do("import", run.folder / "out.csv")


def test_the_last_of_a_persons_contradicting_rows_counts_whatever_marks_and_line_ends(
    run: ReviewedRun,
) -> None:
    rows = "folder0/0.png,cat,1,ann,\r\nfolder0/0.png,cat,0,ann,\r\nfolder0/0.png,cat,1,bob,\r\n"
    file = table(run, "conflicts.csv", "\ufeff" + HEAD.replace("\n", "\r\n") + rows)
    run.do("import", file)
    assert exported(run) == [("folder0/0.png", "cat", 0, "ann"), ("folder0/0.png", "cat", 1, "bob")]
    told = run.do("export", "--to", run.folder / "wide.csv", "--format", "wide")
    assert "people differ about 1 picture;" in told


def test_an_answer_without_a_moment_never_outweighs_one_that_says_when(run: ReviewedRun) -> None:
    dated = "folder0/0.png,cat,0,ann,2026-11-28T09:30:00Z\n"
    run.do("import", table(run, "dated.csv", HEAD + dated))
    run.do("import", table(run, "undated.csv", HEAD + "folder0/0.png,cat,1,ann,\n"))
    run.do("export", "--to", run.folder / "out.csv")
    (answer,) = read_answers(run.folder / "out.csv", Vocabulary(TAGS))
    assert (answer.label, answer.at) == (0, "2026-11-28T09:30:00.000+00:00")


def test_a_table_of_answers_counts_as_much_imported_as_named_in_the_recipe(
    run: ReviewedRun,
) -> None:
    rows = "folder0/0.png,cat,0,ann,2026-11-28T09:30:00Z\nfolder0/0.png,cat,1,ann,\n"
    file = table(run, "answers.csv", HEAD + rows)
    run.do("import", file)
    decided = majority(read_answers(file, Vocabulary(TAGS)))
    assert [label for _, _, label, _ in exported(run)] == [decided[1]] == [0]


def test_a_table_without_moments_that_was_mended_back_counts_as_it_is_now(
    run: ReviewedRun,
) -> None:
    for label in (1, 0, 1):
        wide = table(run, "corrections.csv", f"path,cat\nfolder0/0.png,{label}\n")
        assert "1 of them new" in run.do("import", wide)
        assert "0 of them new" in run.do("import", wide)
        assert [each[2] for each in exported(run)] == [label]


def test_label_studio_gives_no_moment_to_an_answer_that_had_none(run: ReviewedRun) -> None:
    run.do("import", table(run, "answers.csv", HEAD + "folder0/0.png,cat,1,ann,\n"))
    tasks = run.folder / "tasks.json"
    run.do("export", "--to", tasks, "--format", "label-studio")
    changed = json.loads(tasks.read_text())
    (annotation,) = changed[0]["annotations"]
    assert "created_at" not in annotation
    # Label Studio's server gives its own.
    annotation["created_at"] = annotation["updated_at"] = "2026-11-30T09:00:00Z"
    tasks.write_text(json.dumps(changed))
    assert [each.at for each in read_tasks(tasks)] == [""]
    assert "0 of them new" in run.do("import", tasks)


class BuiltRun(ReviewedRun):
    """A run whose data are built of a table, of one picture or several."""

    def build(self, *corrections: str, **keys: str) -> dict[str, object]:
        """Build with tables of corrections; return the first picture's row of the manifest.

        Args:
            corrections: Their names.
            keys: More of `[data]`.
        """
        text = RECIPE.format(tags=list(self.tags))
        more = f"[data]\ncorrections = {list(corrections)}\nmax_rejected_share = 1.0\n"
        more += "\n".join(f"{key} = '{value}'" for key, value in keys.items())
        self.recipe.write_text(text.replace("[data]", more))
        code, said = invoked("data", "build", str(self.recipe), "--out", str(self.workspace.root))
        assert code == 0, said
        return read_manifest(self.workspace.manifest).row(0, named=True)

    def view(self) -> PictureView:
        """Return the first picture as the page shows it."""
        with open_review(self.workspace) as (board, _):
            return board.view(board.identities[0])


@pytest.fixture
def built(tmp_path: Path) -> BuiltRun:
    run = BuiltRun(tmp_path, ("cat", "dog"))
    Image.effect_mandelbrot((80, 80), (-2, -1, 1, 1), 9).convert("RGB").save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("path,cat,dog,split\na.png,1,0,test\n")
    run.recipe.write_text(RECIPE.format(tags=list(run.tags)))
    return run


def test_a_dot_before_a_path_is_no_folder_to_choose_pictures_by(built: BuiltRun) -> None:
    (built.folder / "labels.csv").write_text("path,cat,dog,split\n./a.png,1,0,test\n")
    built.build()
    with open_review(built.workspace) as (board, _):
        assert board.sources == ("(none)",)


def test_where_people_differ_the_page_has_the_label_that_the_next_run_has(built: BuiltRun) -> None:
    table(built, "before.csv", HEAD + "a.png,cat,0,carol,\n")
    assert built.build("before.csv")["tag:cat"] == 0
    answers = HEAD + "a.png,cat,1,ann,\na.png,cat,0,bob,\n"
    built.do("import", table(built, "answers.csv", answers))
    built.do("export", "--to", built.folder / "wide.csv", "--format", "wide")
    (wide,) = read_table(built.folder / "wide.csv").rows
    built.do("export", "--to", built.folder / "next.csv")
    assert wide.cells["cat"] == "0", "carol and bob say no"
    assert built.build("before.csv", "next.csv")["tag:cat"] == 0
    assert built.build("next.csv")["tag:cat"] == 1, "of a tie the source decides"


@pytest.mark.parametrize("here", [("bob", 1), ("bob", 0), ("ann", 1), ("bob", "")])
def test_the_page_weighs_answers_of_the_recipes_corrections_as_the_next_run_does(
    built: BuiltRun, here: tuple[str, int | str]
) -> None:
    table(built, "before.csv", HEAD + "a.png,cat,0,ann,2026-11-28T09:30:00Z\n")
    built.build("before.csv")
    assert [(each.by, each.earlier) for each in built.view().said] == [("ann", True)]
    (by, label) = here
    rows = f"a.png,cat,{label},{by},2026-11-28T10:30:00Z\n"
    built.do("import", table(built, "answers.csv", HEAD + rows))
    view = built.view()
    built.do("export", "--to", built.folder / "next.csv")
    assert view.labels[0] == built.build("before.csv", "next.csv")["tag:cat"]
    assert view.said == tuple(each.replace(earlier=each.by != by) for each in built.view().said)
    assert view.differ == (() if by == "ann" or label == 0 else ("cat",))


def test_labels_whose_answers_are_gone_or_damaged_are_not_weighed_without_them(
    built: BuiltRun,
) -> None:
    table(built, "before.csv", HEAD + "a.png,cat,0,ann,\n")
    built.build("before.csv")
    built.workspace.earlier_answers.write_text("path,tag,label\na.png,cat,maybe\n")
    file = built.folder / "before.csv"
    assert "'maybe'; a label is 1" in (told := built.do("import", file, fails=True))
    assert "run: edgetag data build" in told
    for gone in (built.workspace.earlier_answers, built.workspace.corrections):
        built.build("before.csv")
        gone.unlink()
        told = built.do("import", file, fails=True)
        assert f"{gone}: missing, though labels here are people's answers; run: edgetag" in told


def test_answers_of_the_recipes_corrections_are_neither_exported_nor_counted_a_second_time(
    built: BuiltRun,
) -> None:
    rows = "a.png,cat,0,ann,2026-11-28T09:30:00Z\na.png,dog,1,ann,\na.png,dog,0,bob,\n"
    table(built, "before.csv", HEAD + rows)
    built.build("before.csv")
    built.do("import", table(built, "answers.csv", HEAD + "a.png,cat,1,bob,\n"))
    assert exported(built) == [("a.png", "cat", 1, "bob")]
    built.do("import", built.folder / "before.csv")
    with open_review(built.workspace) as (board, _):
        assert board.progress().people == {"ann": 2, "bob": 2}
        assert len(board.view(board.identities[0]).said) == 4


def test_a_finding_is_open_until_it_is_answered_here_whatever_was_answered_earlier(
    built: BuiltRun,
) -> None:
    table(built, "before.csv", HEAD + "a.png,cat,1,ann,\na.png,cat,0,bob,\n")
    (built.folder / "again.png").write_bytes((built.folder / "a.png").read_bytes())
    with (built.folder / "labels.csv").open("a") as file:
        file.write("again.png,0,0,test\n")
    built.build("before.csv")
    wanted = Filter(kind=CONTESTED, state="open")
    with open_review(built.workspace) as (board, _):
        assert board.page(wanted, "", 1)[1] == 1, "people differ, so nobody has decided"
        assert board.page(Filter(state="disagreement"), "", 1)[1] == 1
        assert (board.progress().answered_findings, board.progress().people) == (0, {})
    built.do("import", table(built, "answers.csv", HEAD + "a.png,cat,1,cy,\n"))
    with open_review(built.workspace) as (board, _):
        assert board.page(wanted, "", 1)[1] == 0
        assert board.view(board.identities[0]).labels == (1, 0)


def test_answers_confirm_no_table_that_has_them_among_its_labels(built: BuiltRun) -> None:
    rows = "path,cat,dog,bird,split\na.png,1,0,,test\n"
    (built.folder / "labels.csv").write_text(rows)
    built.tags = ("cat", "dog", "bird")
    built.build()
    answers = "a.png,cat,0,ann,\na.png,dog,0,ann,\na.png,bird,1,ann,\na.png,bird,0,bob,\n"
    built.do("import", table(built, "answers.csv", HEAD + answers))
    built.do("export", "--to", built.folder / "wide.csv", "--format", "wide")
    as_before = built.build("answers.csv")
    for corrections in ((), ("answers.csv",)):
        wide = (built.folder / "wide.csv").read_bytes()
        (built.folder / "labels.csv").write_bytes(wide)
        again = built.build("answers.csv")
        assert {**again, "before_answers": ""} == as_before
        outcomes = pl.read_csv(built.workspace.corrections)["outcome"].to_list()
        assert outcomes == ["repeated", "confirmed", "conflict"]
        assert built.view().labels == (0, 0, None)
        built.build(*corrections)
        built.do("export", "--to", built.folder / "wide.csv", "--format", "wide")
        assert (built.folder / "wide.csv").read_bytes() == wide, "whoever exports it again"
    assert as_before["confirmed"] == ["dog"]


def test_a_wide_table_is_read_by_the_recipe_that_it_was_made_by(built: BuiltRun) -> None:
    columns = {"path": "file", "split": "fold", "group": "film", "weight": "often", "crop": "at"}
    named = {f"{key}_column": name for key, name in columns.items()}
    source = built.folder / "labels.csv"
    source.write_text("file,fold,film,often,at,cat,dog\na.png,test,f,2,0 0 40 40,1,0\n")
    before = built.build(**named)
    built.do("import", table(built, "answers.csv", HEAD + "a.png,cat,0,ann,\n"))
    built.do("export", "--to", built.folder / "wide.csv", "--format", "wide")
    source.write_bytes((built.folder / "wide.csv").read_bytes())
    after = built.build(**named)
    changed = {key for key, value in after.items() if value != before[key]}
    assert changed == {"tag:cat", "before_answers"}


def test_labels_of_all_pictures_are_no_answers(built: BuiltRun) -> None:
    built.build()
    built.do("import", table(built, "answers.csv", HEAD + "a.png,cat,0,ann,\n"))
    wide = built.folder / "wide.csv"
    built.do("export", "--to", wide, "--format", "wide")
    told = built.do("import", wide, fails=True)
    assert "name it in data.source, or export --format answers" in told


@pytest.mark.parametrize("cell", ["cat", "[1]", '"{""cat"": 2}"', r'"{""\ud800"": 1}"'])
def test_what_stood_before_answers_is_refused_where_it_is_no_labels(
    built: BuiltRun, cell: str
) -> None:
    source = built.folder / "labels.csv"
    source.write_text(f"path,cat,dog,before_answers\na.png,1,0,{cell}\n")
    code, said = invoked("data", "build", str(built.recipe), "--out", str(built.folder / "other"))
    assert code != 0
    assert "labels.csv:2: column 'before_answers' is" in said


def test_no_answer_here_is_earlier_than_the_same_persons_in_the_recipes_corrections(
    built: BuiltRun,
) -> None:
    table(built, "before.csv", HEAD + "a.png,cat,0,ann,2100-01-01T00:00:00Z\n")
    built.build("before.csv")
    with open_review(built.workspace) as (board, store):
        (identity,) = board.identities
        store.add([Change("a key", identity, "a.png", "cat", 0, 1, "ann")])
        board.follow(store)
        assert board.view(identity).labels == (1, 0)


def test_unknown_tags_and_pictures_are_told_and_left_out(run: ReviewedRun) -> None:
    rows = "folder0/0.png,unicorn,1,ann,\nnowhere.png,cat,1,ann,\nfolder1/1.png,cat,1,ann,\n"
    told = run.do("import", table(run, "answers.csv", HEAD + rows))
    assert "3 answers, 1 of them new" in told
    assert "1 answer about pictures that the data do not have; left out" in told
    assert "1 answer about tags that the data do not have ('unicorn'); left out" in told


def test_answers_under_the_name_of_a_repeat_and_of_a_single_region_are_kept(
    built: BuiltRun,
) -> None:
    digest = hashlib.sha256((built.folder / "a.png").read_bytes()).hexdigest()
    (built.folder / "again.png").write_bytes((built.folder / "a.png").read_bytes())
    rows = "path,at,cat,dog,split\na.png,0 0 40 40,1,0,test\nagain.png,0 0 40 40,1,,test\n"
    (built.folder / "labels.csv").write_text(rows)
    answers = f"identity,{HEAD},again.png,cat,0,ann,\n{digest},,dog,1,ann,\n,none.png,cat,0,ann,\n"
    table(built, "answers.csv", answers)
    built.build(crop_column="at")
    assert "3 answers, 2 of them new" in built.do("import", built.folder / "answers.csv")
    assert built.view().labels == (0, 1)
    assert [each[:3] for each in exported(built)] == [("a.png", "cat", 0), ("a.png", "dog", 1)]
    assert built.build("answers.csv", crop_column="at")["tag:dog"] == 1


def test_the_apps_wide_corrections_are_answers(run: ReviewedRun) -> None:
    wide = "path,cat,dog,food\nfolder0/0.png,1,,0\n"
    run.do("import", table(run, "corrections.csv", wide))
    assert exported(run) == [
        ("folder0/0.png", "cat", 1, "corrections"),
        ("folder0/0.png", "food", 0, "corrections"),
    ]


def test_the_wide_table_has_every_picture_with_its_label_as_corrected(run: ReviewedRun) -> None:
    run.do(
        "import", table(run, "a.csv", HEAD + "folder1/1.png,cat,0,ann,\nfolder1/3.png,dog,1,a,\n")
    )
    run.do("export", "--to", run.folder / "wide.csv", "--format", "wide")
    rows = {row.cells["path"]: row.cells for row in read_table(run.folder / "wide.csv").rows}
    assert len(rows) == 12
    assert [rows["folder1/1.png"][tag] for tag in TAGS] == ["0", "0", "0"]
    assert [rows["folder1/3.png"][tag] for tag in TAGS] == ["", "1", ""]
    assert rows["folder0/4.png"]["split"] == "test"


def test_sidecars_lie_beside_the_pictures_of_the_folder_that_is_named(run: ReviewedRun) -> None:
    copies = run.folder / "copies"
    (copies / "folder1").mkdir(parents=True)
    for number in (1, 5):
        (copies / "folder1" / f"{number}.png").write_bytes(b"")
    (copies / "folder1" / "5.png.txt").write_text("mine\n")
    run.do("import", table(run, "answers.csv", HEAD + "folder1/1.png,dog,1,ann,\n"))
    told = run.do("export", "--to", copies, "--format", "hydrus")
    assert (copies / "folder1" / "1.png.txt").read_text() == "cat\ndog\n"
    assert (copies / "folder1" / "5.png.txt").read_text() == "mine\n"
    assert "1 sidecar;" in told or "1 sidecar\n" in told
    assert "5.png.txt is there already, with other tags" in told
    assert sorted(path.name for path in copies.rglob("*.txt")) == ["1.png.txt", "5.png.txt"]


def test_label_studios_tasks_bring_the_same_answers_back(run: ReviewedRun, tmp_path: Path) -> None:
    rows = "folder0/0.png,cat,1,ann,2026-11-28T09:30:00Z\nfolder0/0.png,dog,0,ann,\n"
    rows += "folder0/0.png,food,,ann,\nfolder0/0.png,cat,0,bob,2026-11-28T09:31:00Z\n"
    run.do("import", table(run, "answers.csv", HEAD + rows))
    run.do("export", "--to", run.folder / "tasks.json", "--format", "label-studio")
    tasks = json.loads((run.folder / "tasks.json").read_text())
    assert len(tasks) == 12
    assert tasks[0]["data"]["path"] == "folder0/0.png"
    other = make_reviewed(tmp_path / "other", count=12, findings=0)
    other.do("import", run.folder / "tasks.json")
    assert sorted(exported(other), key=str) == sorted(exported(run), key=str)


def test_label_studio_finds_each_picture_and_no_prediction_says_whose_it_is(
    run: ReviewedRun,
) -> None:
    run.do("import", table(run, "answers.csv", HEAD + "folder0/0.png,cat,1,ann,\n"))
    run.do("export", "--to", run.folder / "tasks.json", "--format", "label-studio")
    for task in json.loads((run.folder / "tasks.json").read_text()):
        # A page takes a prediction over as it is, and then it is an annotation of its person.
        assert not any("meta" in part for part in task["predictions"][0]["result"])
        address, _, path = task["data"]["image"].partition("?d=")
        assert address == "/data/local-files/"
        assert path == f"{run.folder.name}/{task['data']['path']}"


def test_each_part_of_an_annotation_says_the_moments_of_its_own_tags_alone(
    run: ReviewedRun,
) -> None:
    rows = "folder0/0.png,cat,1,ann,\nfolder0/0.png,dog,0,ann,\n"
    run.do("import", table(run, "answers.csv", HEAD + rows))
    run.do("export", "--to", run.folder / "tasks.json", "--format", "label-studio")
    (annotation,) = json.loads((run.folder / "tasks.json").read_text())[0]["annotations"]
    for part in annotation["result"]:
        assert list(part["meta"]["at"]) == part["value"]["choices"]


def test_what_label_studios_server_has_exported_is_read_as_people_said_it() -> None:
    """An export of Label Studio 1.23.2, kept by `tests/label_studio_round.py --record`.

    There "user 1" has added food to ann's annotation, has turned an own answer round, has taken
    the labels of a third picture over, and has skipped a fourth one.
    """
    answers = read_tasks(Path(__file__).parent / "label_studio_1.23.2.json")
    assert [(each.path, each.tag, each.label, each.by) for each in answers] == SAID
    given = [each.at for each in answers if each.by != "user 1"]
    assert given == [f"2026-11-28T09:{minute}:00.000+00:00" for minute in (30, 31, 32)]
    assert all(each.at > max(given) for each in answers if each.by == "user 1")


def test_an_answer_counts_from_when_its_annotation_was_last_changed(tmp_path: Path) -> None:
    moments = {"created_at": "2026-11-28T09:00:00Z", "updated_at": "2026-11-28T10:00:00Z"}
    part = {"type": "choices", "from_name": "absent", "value": {"choices": ["cat"]}}
    annotations = [{"result": [part], **moments}]
    task = {"data": {"path": "a.png", "identity": None}, "annotations": annotations}
    (tmp_path / "tasks.json").write_text(json.dumps([task]))
    (answer,) = read_tasks(tmp_path / "tasks.json")
    assert answer.at == "2026-11-28T10:00:00.000+00:00"
    assert (answer.identity, answer.path) == ("", "a.png")


LABEL_STUDIO = [
    {
        "id": 1,
        "data": {"image": "/data/local-files/?d=folder0%2F0.png"},
        "annotations": [
            {
                "id": 7,
                "completed_by": 3,
                "was_cancelled": False,
                "created_at": "2021-03-09T22:16:08.728353Z",
                "result": [
                    {
                        "from_name": "tags",
                        "to_name": "image",
                        "type": "choices",
                        "value": {"choices": ["cat", "food"]},
                    },
                    {"from_name": "box", "type": "rectanglelabels", "value": {}},
                ],
            },
            {"was_cancelled": True, "result": [{"type": "choices"}]},
        ],
    }
]
"""The form of https://labelstud.io/guide/task_format.html, with a control of another name."""


def test_of_an_ordinary_project_what_is_chosen_is_yes_and_the_rest_says_nothing(
    run: ReviewedRun,
) -> None:
    run.do("import", table(run, "tasks.json", json.dumps(LABEL_STUDIO)))
    assert exported(run) == [
        ("folder0/0.png", "cat", 1, "user 3"),
        ("folder0/0.png", "food", 1, "user 3"),
    ]


def test_tasks_that_label_studio_makes_of_a_storage_are_about_the_data_s_pictures(
    run: ReviewedRun,
) -> None:
    """By `docs/review.md` it reads the folder that holds the data root, and names files from it."""
    (task,) = LABEL_STUDIO
    address = f"/data/local-files/?d={run.folder.name}/folder0/0.png"
    own = task | {"data": {"image": address}}
    run.do("import", table(run, "tasks.json", json.dumps([own])))
    assert [each[0] for each in exported(run)] == ["folder0/0.png", "folder0/0.png"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("{}", "no list of tasks"),
        ("[1]", "task 1: not of Label Studio's form"),
        ('[{"data": {}}]', "neither identity, path nor image"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_tasks_that_are_none_are_refused_in_one_sentence(
    run: ReviewedRun, text: str, words: str
) -> None:
    assert words in run.do("import", table(run, "tasks.json", text), fails=True)


def test_without_a_database_there_is_nothing_to_export(run: ReviewedRun) -> None:
    told = run.do("export", "--to", run.folder / "out.csv", fails=True)
    assert "review.sqlite: missing; run: edgetag review" in told
    assert not run.database.exists()


@pytest.mark.slow
def test_answers_that_are_imported_appear_on_a_page_that_is_open(run: ReviewedRun) -> None:
    with reviewing(run) as server:
        last = server.pictures()["last"]
        run.do("import", table(run, "a.csv", HEAD + "folder0/0.png,cat,1,ann,\n"))
        news = server.client.get("/v1/changes", params={"since": last}).json()
        assert [view["path"] for view in news["pictures"]] == ["folder0/0.png"]
        assert news["pictures"][0]["labels"][0] == 1


@pytest.mark.parametrize("form", ["answers", "wide", "label-studio"])
def test_the_source_of_the_data_is_never_written_over(run: ReviewedRun, form: str) -> None:
    run.do("import", table(run, "answers.csv", HEAD + "folder0/0.png,cat,1,ann,\n"))
    source = load_recipe(run.recipe).data.source
    source.write_text("path,cat\n")
    told = run.do("export", "--to", source, "--format", form, fails=True)
    assert "the data's own labels (data.source), which stay as they are" in told
    assert source.read_text() == "path,cat\n"


@pytest.mark.parametrize("form", ["answers", "wide"])
def test_corrections_of_an_earlier_turn_are_never_written_over(run: ReviewedRun, form: str) -> None:
    recipe = run.recipe.read_text().replace("[data]", '[data]\ncorrections = ["answers.csv"]')
    run.recipe.write_text(recipe)
    earlier = "folder0/0.png,cat,1,ann,\n"
    corrections = table(run, "answers.csv", HEAD + earlier)
    run.do("import", table(run, "new.csv", HEAD + "folder1/1.png,cat,1,ann,\n"))
    told = run.do("export", "--to", corrections, "--format", form, fails=True)
    assert "data.corrections, with 1 answer that would be lost; give another name" in told
    assert corrections.read_text() == HEAD + earlier


def test_corrections_whose_answers_are_all_there_may_be_written_anew(run: ReviewedRun) -> None:
    recipe = run.recipe.read_text().replace("[data]", '[data]\ncorrections = ["answers.csv"]')
    run.recipe.write_text(recipe)
    corrections = table(run, "answers.csv", HEAD + "folder0/0.png,cat,1,ann,\n")
    run.do("import", corrections)
    run.do("import", table(run, "new.csv", HEAD + "folder0/0.png,cat,0,ann,2026-11-28T09:30Z\n"))
    for _ in range(2):
        run.do("export", "--to", corrections)
        (answer,) = read_answers(corrections, Vocabulary(TAGS))
        assert answer.label == 0


@pytest.mark.parametrize(
    "here", ["folder0/0.png,cat,1,ann,2026-11-28T09:30Z\n", "folder0/0.png,cat,0,ann,\n"]
)
def test_corrections_in_which_somebody_has_answered_since_are_never_written_over(
    run: ReviewedRun, here: str
) -> None:
    recipe = run.recipe.read_text().replace("[data]", '[data]\ncorrections = ["answers.csv"]')
    run.recipe.write_text(recipe)
    run.do("import", table(run, "here.csv", HEAD + here))
    later = "folder0/0.png,cat,1,ann,\nfolder0/0.png,cat,0,ann,2026-11-28T10:30Z\n"
    corrections = table(run, "answers.csv", HEAD + later)
    told = run.do("export", "--to", corrections, fails=True)
    assert "with 1 answer that would be lost" in told
    assert corrections.read_text() == HEAD + later
    run.do("import", corrections)
    run.do("export", "--to", corrections)


def test_an_answer_that_was_taken_back_is_taken_out_of_the_corrections(run: ReviewedRun) -> None:
    recipe = run.recipe.read_text().replace("[data]", '[data]\ncorrections = ["answers.csv"]')
    run.recipe.write_text(recipe)
    rows = "folder0/0.png,cat,1,ann,\nfolder1/1.png,cat,0,ann,\n"
    corrections = table(run, "answers.csv", HEAD + rows)
    run.do("import", corrections)
    with open_review(run.workspace) as (_, store):
        store.undo("ann", "a key")
    run.do("export", "--to", corrections)
    assert [each[0] for each in exported(run)] == ["folder0/0.png"]


def test_export_and_import_say_as_json_what_they_did(run: ReviewedRun) -> None:
    rows = "folder0/0.png,cat,1,ann,\nfolder0/0.png,bird,1,ann,\nnone.png,cat,0,ann,\n"
    read = ReviewImport.from_json(
        run.do("import", table(run, "answers.csv", HEAD + rows), "--json"), "stdout"
    )
    (file,) = read.files
    assert (file.answers, file.new, file.astray, file.other_tags) == (3, 1, 1, {"bird": 1})
    out = run.folder / "out.csv"
    wrote = ReviewExport.from_json(run.do("export", "--to", out, "--json"), "stdout")
    assert (wrote.to, wrote.answers, wrote.pictures, wrote.format) == (str(out), 1, 12, "answers")


@pytest.mark.parametrize("name", ["a\nb", "\ud800"])
def test_a_name_that_no_table_can_hold_is_refused(run: ReviewedRun, name: str) -> None:
    result = [{"type": "choices", "from_name": "present", "value": {"choices": ["cat"]}}]
    annotation = {"completed_by": {"email": name}, "result": result}
    task = {"data": {"path": "folder0/0.png"}, "annotations": [annotation]}
    file = table(run, "tasks.json", json.dumps([task]))
    assert "task 1: not of Label Studio's form" in run.do("import", file, fails=True)


def test_no_table_is_written_in_which_two_columns_have_one_name(tmp_path: Path) -> None:
    run = make_reviewed(tmp_path, count=4, findings=0, tags=("cat", "group"))
    run.do("import", table(run, "answers.csv", HEAD + "folder0/0.png,cat,1,ann,\n"))
    out = run.folder / "wide.csv"
    told = run.do("export", "--to", out, "--format", "wide", fails=True)
    assert "a wide table has a column 'group' beside those of tags" in told
    assert not out.exists()
