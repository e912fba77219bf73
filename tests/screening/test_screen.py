"""`edgetag screen`: nothing is lost, replaced or done unasked, and all can be taken back."""

import errno
import json
import os
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.screening import carrying
from edgetag.screening.carrying import carry, undo
from edgetag.screening.plan import Plan, plan
from edgetag.screening.rules import parse_rule
from edgetag.screening.tagged import read_tagged
from edgetag.tagging.listing import shown_name
from edgetag.workspace import digest_file
from edgetag.writing import remove_left_over
from tests.support.commands import invoked

QUIET = SilentProgress()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ten pictures in two folders, of equal names, and their table."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for number in range(10):
        path = Path("in") / "ab"[number % 2] / f"{number // 2}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 20 * number, np.uint8)).save(path)
        score = number / 10
        rows.append(
            {
                "path": str(path),
                "sha256": digest_file(path),
                "error": None,
                "tags": ["cat"] if score >= 0.5 else [],
                "score_cat": score,
                "score_dog": 1 - score,
            }
        )
    rows.append(
        {"path": "in/bad.png", "sha256": None, "error": "unreadable: x", "tags": None}
        | dict.fromkeys(("score_cat", "score_dog"))
    )
    table = pl.DataFrame(rows, schema_overrides={"error": pl.String, "tags": pl.List(pl.String)})
    write_tables(table)
    return tmp_path


def write_tables(table: pl.DataFrame) -> None:
    table.write_parquet("tags.parquet")
    table.with_columns(pl.col("tags").list.join(",")).write_csv("tags.csv")
    table.write_ndjson("tags.jsonl")


def screen(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["screen", *map(str, arguments)], env={"COLUMNS": "200"})


def files(folder: str = ".") -> dict[str, str]:
    """Return every picture below a folder with its digest."""
    return {str(path): digest_file(path) for path in sorted(Path(folder).rglob("*.png"))}


def planned(rule: str = "cat > 0.45") -> Plan:
    tagged = read_tagged(Path("tags.parquet"))
    return plan(tagged, parse_rule(rule, tagged.tags), Path("ng"), Path("ok"))


def test_without_do_nothing_is_touched(place: Path) -> None:
    before = files()
    done = screen("tags.parquet", "cat > 0.45", "--to", "ng", "--others", "ok")
    assert done.exit_code == 0, done.output
    assert re.search(r"the rule holds +5 +ng", done.output)
    assert re.search(r"it does not +5 +ok", done.output)
    assert "it could not be read when it was tagged" in done.output
    assert files() == before


@pytest.mark.parametrize("table", ["tags.parquet", "tags.csv", "tags.jsonl"])
def test_every_format_of_the_table_gives_the_same(place: Path, table: str) -> None:
    tagged = read_tagged(Path(table))
    assert tagged.tags == ("cat", "dog")
    assert tagged.readable.sum() == 10
    assert tagged.is_set["cat"].tolist() == [False] * 5 + [True] * 5 + [False]
    assert not tagged.is_set["dog"].any()


def test_a_program_is_told_the_same(place: Path) -> None:
    done = screen("tags.parquet", "cat > 0.45", "--to", "ng", "--do", "copy", "--json")
    assert done.exit_code == 1
    values = json.loads(done.stdout)
    assert (values["holding"], values["others"], values["without_scores"]) == (5, 5, 1)
    assert values["carried"] == {"schema": "edgetag.carried/1.0", "done": 5, "failed": []}
    assert [path for path, _ in values["passed_over"]] == ["in/bad.png"]
    back = screen("tags.parquet.screened.jsonl", "--undo", "--json")
    assert (back.exit_code, json.loads(back.stdout)["done"]) == (0, 5)


@pytest.mark.parametrize("action", ["copy", "link", "move"])
def test_every_picture_goes_to_its_side_and_back(place: Path, action: str) -> None:
    before = files()
    done = screen("tags.parquet", "cat > 0.45", "--to", "ng", "--others", "ok", "--do", action)
    assert done.exit_code == 1, done.output  # the row without scores stays
    assert "10 of 11 pictures done" in done.output
    assert sorted(files("ng").values()) == sorted(_of(before, "hold"))
    assert sorted(files("ok").values()) == sorted(_of(before, "others"))
    assert len(files("in")) == (0 if action == "move" else 10)
    taken_back = screen("tags.parquet.screened.jsonl", "--undo")
    assert taken_back.exit_code == 0, taken_back.output
    assert files() == before
    assert not Path("ng").exists()
    assert not Path("tags.parquet.screened.jsonl").exists()


@pytest.mark.parametrize(
    ("table", "action"), [("tags.parquet", "copy"), ("tags.csv", "link"), ("tags.jsonl", "move")]
)
def test_pictures_whose_names_are_no_text_are_sorted_shown_and_taken_back(
    place: Path, action: str, table: str
) -> None:
    twin, plain, other = (
        Path("in/\\xe9.png"),
        Path(os.fsdecode(b"in/\xe9.png")),
        Path("in/-\n.png"),
    )
    for number, file in enumerate((twin, plain, other)):
        shutil.copy(f"in/a/{number}.png", file)
    rows = pl.read_parquet("tags.parquet").head(3)
    names = [shown_name(str(file)) for file in (twin, plain, other)]
    digests = [digest_file(file) for file in (twin, plain, other)]
    rows = rows.with_columns(path=pl.Series(names), sha256=pl.Series(digests))
    write_tables(rows)
    before = files()
    done = screen(table, "cat >= 0", "--to", "ng", "--do", action, "--sheet", "sheet.html")
    assert done.exit_code == 0, (done.output, done.exception)
    assert sorted(files("ng").values()) == sorted(digests)
    assert Path(os.fsdecode(b"ng/\xe9.png")).exists()
    assert Path("sheet.html").read_text().count('alt="in/\\xe9.png"') == 2
    assert screen(f"{table}.screened.jsonl", "--undo").exit_code == 0
    assert files() == before


@pytest.mark.parametrize("table", ["tags.parquet", "tags.csv", "tags.jsonl"])
def test_a_table_in_which_no_tag_is_set_is_one_like_others(place: Path, table: str) -> None:
    rows = pl.read_parquet("tags.parquet").head(3)
    write_tables(rows)
    tagged = read_tagged(Path(table))
    assert (tagged.readable.sum(), tagged.is_set["cat"].sum()) == (3, 0)


def test_what_is_left_of_pictures_whose_names_are_no_text_can_be_printed(place: Path) -> None:
    file = Path(os.fsdecode(b"in/\xff.png"))
    shutil.copy("in/a/0.png", file)
    rows = pl.read_parquet("tags.parquet").head(1)
    rows.with_columns(path=pl.lit(shown_name(str(file)))).write_parquet("tags.parquet")
    file.write_bytes(b"changed")
    arguments = ["tags.parquet", "cat >= 0", "--to", os.fsdecode(b"ng\xff"), "--do", "move"]
    done = screen(*arguments)
    assert "ng\\xff" in done.stdout
    assert re.search(r"in/\\xff.png +it changed since", done.stdout)
    Path("tags.parquet.screened.jsonl").unlink()
    ((name, _),) = json.loads(screen(*arguments, "--json").stdout)["carried"]["failed"]
    assert name.endswith("in/\\xff.png")


def _of(before: dict[str, str], side: str) -> list[str]:
    """Return the digests of pictures 5 to 9, or of the others."""
    numbers = range(5, 10) if side == "hold" else range(5)
    return [before[f"in/{'ab'[number % 2]}/{number // 2}.png"] for number in numbers]


def test_equal_names_and_what_lies_there_are_kept_apart(place: Path) -> None:
    Path("ng").mkdir()
    (Path("ng") / "4.png").write_bytes(b"mine")
    carry(planned("cat >= 0").steps, "copy", Path("log"), QUIET)
    assert (Path("ng") / "4.png").read_bytes() == b"mine"
    assert len(files("ng")) == 11
    assert len(set(files("ng").values())) == 11


def test_the_same_bytes_under_one_name_are_both_kept(place: Path) -> None:
    shutil.copy("in/a/0.png", "in/b/0.png")
    table = pl.read_parquet("tags.parquet")
    digest = digest_file(Path("in/a/0.png"))
    pair = table.filter(pl.col("path").is_in(["in/a/0.png", "in/b/0.png"]))
    pl.concat([pair.with_columns(sha256=pl.lit(digest))] * 2).write_parquet("tags.parquet")
    result = carry(planned("cat >= 0").steps, "copy", Path("log"), QUIET)
    assert (result.done, result.failed) == (4, ())
    assert len(files("ng")) == 4


def test_the_same_bytes_under_one_name_are_copied_as_often_as_is_asked(place: Path) -> None:
    table = pl.read_parquet("tags.parquet").filter(path="in/a/0.png")
    pl.concat([table] * 3).write_parquet("tags.parquet")
    for turn in range(3):
        result = carry(planned("cat >= 0").steps, "copy", Path(f"log {turn}"), QUIET)
        assert (result.done, result.failed) == (3, ())
    assert len(files("ng")) == 9
    sha256 = table["sha256"].item()
    assert {"ng/0.png", f"ng/0-{sha256}.png", f"ng/0-{sha256}-4.png"} <= set(files("ng"))


def test_a_picture_that_changed_since_it_was_tagged_stays(place: Path) -> None:
    Path("in/a/4.png").write_bytes(b"other")
    result = carry(planned().steps, "move", Path("log"), QUIET)
    assert result.done == 9
    ((path, reason),) = result.failed
    assert path.endswith("in/a/4.png")
    assert reason == "it changed since it was tagged"
    assert Path("in/a/4.png").read_bytes() == b"other"


def test_what_is_no_file_here_says_why(place: Path) -> None:
    with zipfile.ZipFile("a.zip", "w") as packed:
        packed.write("in/a/0.png", "0.png")
    Path("in/b/0.png").unlink()
    names = ["a.zip/0.png", "s3://photos/0.png", "in/b/0.png"]
    table = pl.read_parquet("tags.parquet").head(3).with_columns(pl.Series("path", names))
    table.write_parquet("tags.parquet")
    assert [reason for _, reason in planned().passed_over] == [
        "it is in an archive; unpack that to sort its pictures",
        "it lies at an address; copy it into a folder to sort it",
        "it is no longer there",
    ]


def test_a_table_read_in_another_folder_says_so_and_leaves_no_log(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "my folder").mkdir()
    shutil.move("tags.parquet", "my folder/tags.parquet")
    monkeypatch.chdir(place / "my folder")
    code, said = invoked("screen", "tags.parquet", "cat", "--to", "ng", "--do", "copy")
    assert code == 1
    assert "the folder in which edgetag tag ran" in said
    assert "take it back" not in said
    assert not Path("tags.parquet.screened.jsonl").exists()
    monkeypatch.chdir(place)
    table = "my folder/tags.parquet"
    code, said = invoked("screen", table, "cat", "--to", "ng", "--do", "copy")
    assert code == 1, "one picture could not be read"
    assert "edgetag screen 'my folder/tags.parquet.screened.jsonl' --undo" in said
    assert (
        "its log is my folder/tags.parquet.screened.jsonl" in invoked("screen", table, "--undo")[1]
    )


@pytest.mark.parametrize("action", ["link", "move"])
def test_another_file_system_gets_a_link_or_a_copy(
    place: Path, monkeypatch: pytest.MonkeyPatch, action: Any
) -> None:
    before = files()
    monkeypatch.setattr(os, "link", refusing(os.link))
    assert carry(planned().steps, action, Path("log"), QUIET).done == 10
    assert sorted([*files("ng").values(), *files("ok").values()]) == sorted(before.values())
    assert all(path.is_symlink() == (action == "link") for path in Path("ng").iterdir())
    assert undo(Path("log"), QUIET).failed == ()
    assert files() == before


@pytest.mark.parametrize("action", ["copy", "link", "move"])
@pytest.mark.parametrize("stop", range(1, 10, 3))
def test_stopped_anywhere_it_is_taken_back_whole(
    place: Path, monkeypatch: pytest.MonkeyPatch, action: Any, stop: int
) -> None:
    before, real, done = files(), carrying._carry_one, 0

    def stopped(step: Any, how: Any) -> None:
        nonlocal done
        done += 1
        if done > stop:
            raise KeyboardInterrupt
        real(step, how)

    with monkeypatch.context() as patch:
        patch.setattr(carrying, "_carry_one", stopped)
        with pytest.raises(KeyboardInterrupt):
            carry(planned().steps, action, Path("log"), QUIET)
    with Path("log").open("a") as log:
        log.write('{"from": "cut o')  # as a kill leaves it
    assert undo(Path("log"), QUIET).failed == ()
    assert files() == before


def test_a_move_that_was_killed_half_way_is_taken_back(place: Path) -> None:
    step = planned().steps[0]
    carry([], "move", Path("log"), QUIET)
    with Path("log").open("a") as log:
        entry = {"from": str(step.source), "to": str(step.target), "sha256": step.sha256}
        print(json.dumps(entry), file=log)
    step.target.parent.mkdir()
    os.link(step.source, step.target)  # and killed before the source is gone
    assert undo(Path("log"), QUIET).failed == ()
    assert step.source.is_file()
    assert not step.target.exists()


@pytest.mark.parametrize("action", ["copy", "move"])
def test_undo_never_deletes_the_last_copy(place: Path, action: Any) -> None:
    steps = planned().steps
    carry(steps, action, Path("log"), QUIET)
    steps[0].source.write_bytes(b"something else") if action == "move" else steps[0].source.unlink()
    result = undo(Path("log"), QUIET)
    assert result.done == 9
    ((path, reason),) = result.failed
    assert path == str(steps[0].target)
    assert "so this one is left" in reason
    assert digest_file(steps[0].target) == steps[0].sha256
    assert Path("log").exists()


def test_it_is_taken_back_from_any_folder(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files()
    screen("tags.parquet", "cat > 0.45", "--to", "ng", "--do", "move")
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    done = screen("../tags.parquet.screened.jsonl", "--undo")
    monkeypatch.chdir(place)
    assert "5 of 5 pictures done" in done.output
    assert files() == before


def test_a_moved_picture_that_lies_nowhere_any_more_is_told_and_the_log_kept(place: Path) -> None:
    carry(planned().steps, "move", Path("log"), QUIET)
    Path("ng").rename("sorted")
    result = undo(Path("log"), QUIET)
    assert {reason for _, reason in result.failed} == {
        "it lies neither there nor where it came from"
    }
    assert (result.done, len(result.failed)) == (5, 5)
    assert Path("log").exists()


@pytest.mark.parametrize("action", ["link", "move"])
def test_a_relative_link_that_is_carried_leads_to_its_picture_still(
    place: Path, action: Any
) -> None:
    before = files()
    picture = Path("in/b/4.png").rename("4.png")
    Path("in/b/4.png").symlink_to("../../4.png")
    assert carry(planned().steps, action, Path("log"), QUIET).failed == ()
    (moved,) = (path for path in Path("ng").iterdir() if path.is_symlink())
    assert digest_file(moved) == digest_file(picture)
    assert undo(Path("log"), QUIET).failed == ()
    assert files("in") == before


@pytest.mark.parametrize("action", ["copy", "move"])
def test_a_memory_card_without_hard_links_gets_copies_and_nothing_is_replaced(
    place: Path, monkeypatch: pytest.MonkeyPatch, action: Any
) -> None:
    def link(source: Any, target: Any, **more: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    before, steps = files(), planned().steps
    monkeypatch.setattr(os, "link", link)
    steps[0].target.parent.mkdir()
    steps[0].target.write_bytes(b"mine")
    result = carry(steps, action, Path("log"), QUIET)
    assert [reason for _, reason in result.failed] == ["File exists"]
    assert steps[0].target.read_bytes() == b"mine"
    assert not list(place.rglob("*.tmp"))
    steps[0].target.unlink()
    assert undo(Path("log"), QUIET).failed == ()
    assert files() == before


def test_half_a_copy_that_a_kill_left_goes_with_what_takes_the_copies_back(place: Path) -> None:
    before, steps = files(), planned().steps
    assert carry(steps, "copy", Path("log"), QUIET).failed == ()
    folders = {step.target.parent for step in steps}
    for folder in folders:
        (folder / ".1.png.abc.edgetag.tmp").write_bytes(b"half")
    remove_left_over.cache_clear()  # as in a command of its own
    assert undo(Path("log"), QUIET).failed == ()
    assert not any(folder.exists() for folder in folders)
    assert files() == before


@pytest.mark.parametrize("on_one_disk", [True, False])
def test_a_picture_that_cannot_be_taken_from_its_place_has_no_other(
    place: Path, monkeypatch: pytest.MonkeyPatch, on_one_disk: bool
) -> None:
    before, real = files(), Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if "in" in path.parts:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)  # as in a folder that may not be written
    if not on_one_disk:
        monkeypatch.setattr(os, "link", refusing(os.link))
    result = carry(planned().steps, "move", Path("log"), QUIET)
    assert (result.done, {reason for _, reason in result.failed}) == (0, {"Permission denied"})
    assert files() == before


def refusing(real: Any) -> Any:
    """Return a link that leads to no other disk, but gives a whole copy its name."""

    def link(source: Any, target: Any, **more: Any) -> None:
        if ".tmp" not in str(source):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        real(source, target, **more)

    return link


def test_names_that_look_like_numbers_are_names(place: Path) -> None:
    names = ["001", "002", "003"]
    for name in names:
        shutil.copy("in/a/0.png", name)
    table = pl.read_parquet("tags.parquet").head(3).with_columns(pl.Series("path", names))
    write_tables(table)
    assert read_tagged(Path("tags.csv")).paths == ("001", "002", "003")


def test_a_log_is_never_written_over(place: Path) -> None:
    Path("log").write_text("mine")
    with pytest.raises(InputError, match="there is a log already"):
        carry(planned().steps, "copy", Path("log"), QUIET)
    assert Path("log").read_text() == "mine"


def test_a_log_in_the_way_is_told_before_the_table_is_read(place: Path) -> None:
    Path("no-table.csv").write_text("of a hundred thousand pictures")
    Path("no-table.csv.screened.jsonl").write_text("mine")
    refused = screen("no-table.csv", "cat", "--to", "x", "--do", "copy")
    assert "there is a log already" in str(refused.exception)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "other"}', "no json"])
def test_what_is_no_log_is_refused(place: Path, text: str) -> None:
    Path("log").write_text(text)
    with pytest.raises(InputError, match="not a log of edgetag screen"):
        undo(Path("log"), QUIET)


def test_both_sides_in_one_folder_are_refused(place: Path) -> None:
    refused = screen("tags.parquet", "cat", "--to", "x", "--others", "./x")
    assert "both sides of the rule would go there" in str(refused.exception)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("tags.parquet",), "give a RULE, or --undo"),
        (("tags.parquet", "cat", "--undo"), "give a RULE, or --undo"),
        (("log.jsonl", "--undo", "--to", "x"), "--undo takes a whole log back; leave out"),
        (("tags.parquet", "cat", "--variant", "int8"), "--variant is of a --verdict"),
        (("tags.parquet", "cat", "--do", "move"), "give --to DIR, --others DIR or both"),
        (("tags.parquet", "cat", "--to", "x", "--log", "y"), "--log is written by --do"),
        (("tags.parquet", "cat", "--sheet", "tags.parquet"), "its name must end in .html"),
        (("nameless.csv", "cat"), "not a table of edgetag tag: it has rows without a path"),
        (("none.csv", "cat"), "there is no such table"),
        (("in/a/0.png", "cat"), "must end in one of .csv, .jsonl, .parquet"),
        (("other.csv", "cat"), "not a table of edgetag tag: it lacks error, sha256, tags"),
        (("broken.parquet", "cat"), "not a readable table"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    place: Path, arguments: tuple[str, ...], reason: str
) -> None:
    Path("other.csv").write_text("path,score_cat\na,1\n")
    Path("nameless.csv").write_text("path,sha256,error,tags,score_cat\n,,,,0.5\n")
    Path("broken.parquet").write_bytes(b"PAR1")
    assert reason in str(screen(*arguments).exception)


def test_the_sheet_shows_both_sides_the_nearest_first(place: Path) -> None:
    done = screen("tags.parquet", "cat > 0.45", "--sheet", "sheet.html")
    assert done.exit_code == 0, done.output
    page = Path("sheet.html").read_text()
    shown = re.findall(r'<img src="data:image/webp;base64,[^"]+" alt="([^"]+)"', page)
    assert shown[:2] == ["in/b/2.png", "in/a/3.png"]
    assert shown[5:7] == ["in/a/2.png", "in/b/1.png"]
    assert len(shown) == 10
    assert "http" not in page.replace("http-equiv", "")


def test_names_and_tags_are_escaped_on_the_sheet(place: Path) -> None:
    table = pl.read_parquet("tags.parquet")
    shutil.copy("in/a/0.png", "in/<b>.png")
    table.with_columns(path=pl.lit("in/<b>.png")).head(1).write_parquet("tags.parquet")
    screen("tags.parquet", "cat > 0.45", "--sheet", "sheet.html")
    page = Path("sheet.html").read_text()
    assert "in/&lt;b&gt;.png" in page
    assert "<b>" not in page
