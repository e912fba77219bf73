"""Tables are read by their path as it is: polars takes `run[1]` for a pattern that `run1` fits."""

import ast
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from edgetag.dataset.view import NEEDED, read_manifest
from edgetag.dependencies import PACKAGE
from edgetag.errors import InputError
from edgetag.mining.result import QUESTIONS, read_questions
from edgetag.screening.tagged import read_tagged
from edgetag.tagging.batch import SCORE
from edgetag.workspace import Workspace


def tagged(name: str) -> pl.DataFrame:
    row = {"path": [name], "sha256": ["0"], "error": [""], "tags": ["cat"], f"{SCORE}cat": [0.5]}
    return pl.DataFrame(row)


def write_manifest(run: Path) -> None:
    file = Workspace(run).manifest
    file.parent.mkdir(parents=True)
    pl.DataFrame({column: [run.name] for column in NEEDED}).write_parquet(file)


def write_questions(run: Path) -> None:
    Workspace(run).mine.mkdir(parents=True)
    pl.DataFrame({"identity": [run.name]}).write_csv(Workspace(run).mine / QUESTIONS)


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (write_manifest, lambda run: read_manifest(Workspace(run).manifest)["path"].to_list()),
        (write_questions, lambda run: list(read_questions(Workspace(run)))),
        *(
            (
                lambda run, end=end, write=write: (run.mkdir(), write(tagged(run.name), run / end)),
                lambda run, end=end: list(read_tagged(run / end).paths),
            )
            for end, write in (
                ("t.csv", pl.DataFrame.write_csv),
                ("t.jsonl", pl.DataFrame.write_ndjson),
                ("t.parquet", pl.DataFrame.write_parquet),
            )
        ),
    ],
    ids=["manifest", "questions", "csv", "jsonl", "parquet"],
)
def test_a_table_in_a_folder_with_brackets_is_the_one_that_is_read(
    write: Callable[[Path], object], read: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    write(tmp_path / "run[1]")
    assert read(tmp_path / "run[1]") == ["run[1]"]
    write(tmp_path / "run1")
    assert read(tmp_path / "run[1]") == ["run[1]"]


@pytest.mark.parametrize("end", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_table_in_a_folder_whose_name_is_no_text_is_refused_in_words(
    end: str, tmp_path: Path
) -> None:
    folder = tmp_path / os.fsdecode(b"b\xffad")
    folder.mkdir()
    (folder / end).touch()
    with pytest.raises(InputError, match=r"b\?ad.*is not UTF-8; rename it"):
        read_tagged(folder / end)


def test_no_path_of_a_table_is_taken_for_a_pattern() -> None:
    patterns = [
        f"{file.relative_to(PACKAGE)}:{call.lineno}"
        for file in PACKAGE.rglob("*.py")
        if b"pl.read_" in (source := file.read_bytes())
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("pl.read_parquet", "pl.read_csv")
        and "glob=False" not in ast.unparse(call)
    ]
    assert not patterns
