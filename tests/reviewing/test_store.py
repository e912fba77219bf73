"""The database keeps every change, with who, when and before; it loses none."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.mining.result import MineResult, read_questions
from edgetag.reviewing.board import Board
from edgetag.reviewing.store import Change, Store, StoreError, counting, last_of_each
from edgetag.reviewing.views import CONTESTED, WHOLE, Filter
from edgetag.writing import write_text
from tests.support.reviewed import TAGS, make_reviewed


def opened(path: Path, tags: tuple[str, ...] = TAGS, pictures: str = "abcdef") -> Store:
    return Store(path / "review.sqlite", tags, lambda identity: identity in pictures)


def test_a_place_that_cannot_be_written_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **_more: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "review")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"review\.sqlite: cannot be written: Permission denied$"):
        opened(tmp_path / "review")


def change(
    key: str, label: int | None, by: str = "ann", at: str | None = None, **more: str
) -> Change:
    given = {"identity": "a", "tag": "cat", "path": "a.png"} | more
    return Change(key=key, before=None, label=label, by=by, at=at, **given)


def test_every_change_stays_with_who_when_and_before_and_an_undo_is_a_row(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.add([change("1", 1), change("2", 0)])
    undone = store.undo("ann", "3")
    assert undone is not None
    assert undone.label == 0
    rows = store.since(0)
    assert [(row.label, row.by, row.undoes) for row in rows] == [
        (1, "ann", None),
        (0, "ann", None),
        (None, "ann", 2),
    ]
    assert all(row.at.endswith("+00:00") for row in rows)
    assert [row.key for row in counting(rows)] == ["1"]
    assert [row.label for row in last_of_each(counting(rows))] == [1]


def test_a_change_that_is_sent_twice_is_kept_once_and_undone_once(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store.add([change("1", 1), change("2", 0)]) == 2
    assert store.add([change("2", 0)]) == 0
    assert [store.undo("ann", "u") for _ in range(2)] == [store.since(1)[0]] * 2
    assert [row.key for row in counting(store.since(0))] == ["1"]
    assert store.undo("ann", "v") is not None
    assert store.undo("ann", "w") is None


def test_people_undo_their_own_answers_alone(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.add([change("1", 1), change("2", 0, by="bob")])
    undone = store.undo("ann", "3")
    assert undone is not None
    assert undone.key == "1"
    assert [row.by for row in counting(store.since(0))] == ["bob"]


def test_taking_one_back_is_as_much_work_however_many_answers_others_gave(tmp_path: Path) -> None:
    store, instructions = opened(tmp_path), list[int]()

    def work(key: str) -> int:
        instructions.clear()
        assert store.undo("ann", key) is not None
        return len(instructions)

    store.add(change(f"ann {number}", 1) for number in range(2))
    # SQLite calls it before each of its instructions.
    store._database.set_progress_handler(lambda: instructions.append(1), 1)
    alone = work("u1")
    store.add(change(f"bob {number}", 1, by="bob") for number in range(100))
    assert work("u2") <= 1.5 * alone


def test_older_answers_that_are_imported_later_are_not_what_a_person_takes_back(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path)
    store.add([change("1", 1), change("2", 0)])
    store.add([change("3", 1, at="2020-01-01T00:00:00.000+00:00"), change("4", 1, at="")])
    undone = [store.undo("ann", f"u{number}") for number in range(4)]
    assert [row.key for row in undone if row] == ["2", "1", "3", "4"]


def test_of_several_changes_all_are_kept_or_none(tmp_path: Path) -> None:
    store = opened(tmp_path)
    wrong = change("2", 0, tag=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.add([change("1", 1), wrong])
    assert store.since(0) == []
    store.add([change("1", 1)])


def test_a_clock_that_is_set_back_does_not_make_a_later_answer_the_earlier_one(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path)
    store.add([change("1", 1, at="2100-01-01T00:00:00.000+00:00")])
    store.add([change("2", 0)])
    assert [row.label for row in last_of_each(counting(store.since(0)))] == [0]


def test_answers_of_no_known_moment_and_of_other_people_do_not_move_the_clock(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path)
    store.add([change("1", 1, at="2100-01-01T00:00:00.000+00:00"), change("2", 1, at="")])
    store.add([change("3", 0), change("4", 0, by="bob")])
    moments = {row.key: row.at for row in store.since(0)}
    assert moments["2"] == ""
    assert moments["3"] == moments["1"] > moments["4"]


def test_two_that_are_open_at_once_see_each_others_changes(tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    first.add([change("1", 1)])
    second.add([change("2", 0, by="bob")])
    assert [row.key for row in first.since(0)] == ["1", "2"]
    assert first.since(0) == second.since(0)


def test_tags_may_be_added_but_none_may_be_gone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    opened(tmp_path, ("bird", *TAGS)).close()
    with pytest.raises(InputError, match="made for data with the tags bird, which"):
        opened(tmp_path)


def test_a_database_about_no_picture_of_the_data_is_refused(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.add([change("1", 1)])
    opened(tmp_path, pictures="ax").close()
    with pytest.raises(InputError, match="about 1 pictures, of which these data have none; name"):
        opened(tmp_path, pictures="xyz")


def test_labels_follow_the_answers_of_most_and_undoing_leads_back(tmp_path: Path) -> None:
    run = make_reviewed(tmp_path, count=8, findings=0)
    board = Board(open_dataset(run.workspace))
    store = Store(run.database, TAGS, board.has)
    identity = f"{1:064x}"
    given = board.label(identity, "cat")
    assert given == 1
    about = {"identity": identity}
    store.add([change("1", 0, **about)])
    assert board.follow(store) == (identity,)
    assert board.label(identity, "cat") == 0
    store.add([change("2", 1, by="bob", **about)])
    board.follow(store)
    assert board.label(identity, "cat") == 1, "as many say so as not: the data's label stays"
    assert board.view(identity).differ == ("cat",)
    assert board.page(Filter(state="disagreement"), "", 10)[1] == 1
    store.add([change("3", 0, by="cy", **about)])
    store.undo("bob", "4")
    board.follow(store)
    assert board.label(identity, "cat") == 0
    assert board.view(identity).differ == ()
    store.undo("ann", "5")
    store.undo("cy", "6")
    board.follow(store)
    assert board.label(identity, "cat") == given
    assert board.view(identity).said == ()
    assert board.progress().people == {}


def test_all_changes_are_told_however_many_at_once(tmp_path: Path) -> None:
    run = make_reviewed(tmp_path, count=8, findings=0)
    board = Board(open_dataset(run.workspace))
    store = Store(run.database, TAGS, board.has)
    numbers = (5, 1, 3, 5, 2)
    store.add([change(str(at), 1, identity=f"{each:064x}") for at, each in enumerate(numbers)])
    board.follow(store)
    told: list[int] = []
    last = 0
    while last < board.last:
        identities, last = board.changed_since(last, 2)
        assert len(identities) <= 2
        told += [int(identity, 16) for identity in identities]
    assert told == [1, 3, 5, 2]
    assert board.changed_since(last, 2) == ((), last)


def test_pictures_come_by_rank_and_pages_follow_each_other_without_gap(tmp_path: Path) -> None:
    run = make_reviewed(tmp_path, count=40, findings=25)
    findings = MineResult.read(run.workspace.mine / "mine.json", "mine").findings
    board = Board(open_dataset(run.workspace), findings)
    seen: list[str] = []
    more = True
    while more:
        views, total, more = board.page(Filter(), seen[-1] if seen else "", 7)
        seen += [view.identity for view in views]
        assert total == 40
    assert seen[:25] == [each.identity for each in findings]
    assert seen[25:] == sorted(seen[25:])
    assert len(set(seen)) == 40


def test_findings_about_new_pictures_are_apart_from_those_about_pictures_that_are_gone(
    tmp_path: Path,
) -> None:
    run = make_reviewed(tmp_path, count=40, findings=25)
    findings = MineResult.read(run.workspace.mine / "mine.json", "mine").findings
    added, new, gone = (each.replace(split="new") for each in findings[:3])
    new = new.replace(identity="new", path="/photos/new.png")
    gone = gone.replace(identity="gone", split="test")
    board = Board(open_dataset(run.workspace), (added, new, gone))
    assert (board.new_findings, board.missing_findings) == (1, 1)


def test_whole_pictures_come_by_what_answers_teach_until_all_tags_are_answered(
    tmp_path: Path,
) -> None:
    run = make_reviewed(tmp_path)
    names = [f"{number:064x}" for number in (7, 3, 30)]
    table = "rank,identity,path,worth\n" + "".join(f"1,{name},p,0.5\n" for name in names)
    write_text(run.workspace.mine / "questions.csv", table)
    questions = read_questions(run.workspace)
    board = Board(open_dataset(run.workspace), (), None, (*questions, "of other data"))
    assert board.kinds[0] == WHOLE

    def shown(**more: str) -> list[str]:
        views, total, _ = board.page(Filter(kind=WHOLE, **more), "", 10)
        assert total == len(views)
        return [view.identity for view in views]

    assert shown() == names
    views, _, more = board.page(Filter(kind=WHOLE), names[0], 1)
    assert ([view.identity for view in views], more) == (names[1:2], True)
    assert shown(split="test") == [name for name in names if board.view(name).split == "test"]
    store = Store(run.database, TAGS, board.has)
    answers = [change(str(n), 1, identity=names[1], tag=tag) for n, tag in enumerate(TAGS)]
    store.add(answers[:1])
    board.follow(store)
    assert shown(state="open") == names, "one tag of several is answered"
    store.add(answers[1:])
    board.follow(store)
    assert shown(state="open") == [names[0], names[2]]
    assert shown(state="answered") == [names[1]]


def test_without_questions_whole_pictures_are_no_choice_and_damaged_ones_are_told(
    tmp_path: Path,
) -> None:
    run = make_reviewed(tmp_path)
    assert read_questions(run.workspace) == ()
    assert WHOLE not in Board(open_dataset(run.workspace)).kinds
    (run.workspace.mine / "questions.csv").write_bytes(b"rank,name\n1,\xff\n")
    with pytest.raises(InputError, match=r"questions\.csv: damaged .*run: edgetag mine"):
        read_questions(run.workspace)


def test_labels_about_which_rows_contradict_each_other_are_asked_for_until_one_is_answered(
    tmp_path: Path,
) -> None:
    run = make_reviewed(tmp_path)
    manifest = pl.read_parquet(run.workspace.manifest)
    lists = [["dog"] if number in (3, 10) else [] for number in range(len(manifest))]
    contested = pl.Series("contested", lists, dtype=pl.List(pl.String))
    manifest.with_columns(contested).write_parquet(run.workspace.manifest)
    findings = MineResult.read(run.workspace.mine / "mine.json", "mine").findings
    board = Board(open_dataset(run.workspace), findings)
    assert board.kinds[-1] == CONTESTED
    assert board.progress().findings == len(findings) + 2
    wanted = Filter(kind=CONTESTED, tag="dog", state="open")
    views, total, _ = board.page(wanted, "", 10)
    assert ([view.identity for view in views], total) == ([f"{n:064x}" for n in (3, 10)], 2)
    assert [each.rank for view in views for each in view.findings] == [26, 27]
    store = Store(run.database, TAGS, board.has)
    store.add([change("1", 1, identity=f"{3:064x}", tag="dog")])
    board.follow(store)
    assert [view.identity for view in board.page(wanted, "", 10)[0]] == [f"{10:064x}"]
    assert CONTESTED not in Board(open_dataset(make_reviewed(tmp_path / "clear").workspace)).kinds


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Filter(split="test"), lambda view: view.split == "test"),
        (Filter(source="folder1"), lambda view: view.path.startswith("folder1/")),
        (
            Filter(kind="near the threshold"),
            lambda view: any(each.kind == "near the threshold" for each in view.findings),
        ),
        (Filter(tag="dog", label="0"), lambda view: view.labels[1] == 0),
        (Filter(tag="dog", label="unknown"), lambda view: view.labels[1] is None),
        (Filter(tag="cat"), lambda view: view.labels[0] == 1 or view.findings != ()),
        (Filter(tag="cat", kind="suspect label", split="train"), None),
        (Filter(tag="none such"), lambda view: view.path == ""),
        (Filter(state="open"), lambda view: view.identity != f"{39:064x}"),
        (Filter(state="answered"), lambda view: view.identity == f"{39:064x}"),
    ],
)
def test_filters_show_those_and_all_those(tmp_path: Path, wanted: Filter, holds: object) -> None:
    run = make_reviewed(tmp_path)
    findings = MineResult.read(run.workspace.mine / "mine.json", "mine").findings
    board = Board(open_dataset(run.workspace), findings)
    store = Store(run.database, TAGS, board.has)
    store.add([change("1", 1, identity=f"{39:064x}")])
    board.follow(store)
    every = board.page(Filter(), "", 100)[0]
    shown, total, _ = board.page(wanted, "", 100)
    assert total == len(shown)
    if holds is None:
        kinds = {each.kind for view in shown for each in view.findings}
        assert kinds == {"suspect label"}
        assert {view.split for view in shown} == {"train"}
    else:
        assert shown == [view for view in every if holds(view)]  # type: ignore[operator]


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "review.sqlite")) as database, database:
        database.execute("UPDATE meta SET value = '9' WHERE key = 'version'")
    with pytest.raises(InputError, match="another version"):
        opened(tmp_path)
