"""Answers and labels out of the database, and others' answers into it."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from edgetag.dataset import open_dataset
from edgetag.dataset.answers import Answer, answers_csv, read_answers
from edgetag.dataset.location import Locator
from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.reviewing.board import Board
from edgetag.reviewing.label_studio import read_tasks, tasks_json
from edgetag.reviewing.opening import open_review
from edgetag.reviewing.store import Change, Store, StoreError, counting, last_of_each
from edgetag.tables.formats import counted
from edgetag.tagging.sidecars import write_sidecars
from edgetag.workspace import Workspace, digest_json
from edgetag.writing import write_text

FIXED = ("path", "split", "group", "weight", "crop")
"""What a wide table tells of a picture beside its labels."""

Form = Literal["answers", "wide", "hydrus", "label-studio"]


def export(workspace: Workspace, recipe: Recipe, form: Form, to: Path) -> list[str]:
    """Write what a database holds; return what a user is told.

    Args:
        workspace: The run.
        recipe: Says where the pictures lie.
        form: answers: a long table, which `[data] corrections` takes; wide: the labels of all
            pictures, as corrected; hydrus: a text file beside each picture; label-studio: tasks.
        to: The file; with hydrus, the folder that holds the pictures, laid out as in the data.

    Raises:
        InputError: There is no database, or `to` cannot be written.
    """
    with open_review(workspace, must_exist=True) as (board, store):
        answers = last_of_each(counting(store.since(0)))
        said = counted(len(answers), "answer")
        if form == "hydrus":
            return _write_hydrus(board, to)
        if form == "answers":
            text = answers_csv(answer.answer() for answer in answers)
            told = f"{to}: {said}; name it in the recipe: [data] corrections"
        elif form == "wide":
            text = _wide(workspace, board)
            told = f"{to}: labels of {counted(len(board), 'picture')}"
        else:
            text = tasks_json(board.labelled(), answers, recipe.data.image_root.resolve().name)
            told = f"{to}: {counted(len(board), 'task')}, with {said}"
        write_text(to, text)
        lines = [told]
        if differ := board.progress().disagreements:
            lines.append(
                f"people differ about {counted(differ, 'picture')}; where as many say the one as "
                "the other, the data's label stays"
            )
        return lines


def take_in(workspace: Workspace, recipe: Recipe, files: Iterable[Path]) -> list[str]:
    """Keep the answers of tables or of Label Studio's tasks; return what a user is told.

    A table that is read twice changes nothing the second time.

    Raises:
        InputError: A file is missing, damaged, or of neither kind; or answers cannot be kept.
    """
    told = []
    with open_review(workspace) as (board, store):
        for file in files:
            if file.suffix.lower() == ".json":
                answers = read_tasks(file)
            else:
                answers = read_answers(file, recipe.data.vocabulary())
            told += _keep(board, store, file, answers)
            board.follow(store)
    return told


def _keep(board: Board, store: Store, file: Path, answers: tuple[Answer, ...]) -> list[str]:
    foreign = Counter(answer.tag for answer in answers if answer.tag not in board.tags)
    known, astray, changes = set[tuple[object, ...]](), 0, []
    for kept in store.since(0):
        known.add((kept.identity, kept.tag, kept.label, kept.by, kept.at))
    times: Counter[tuple[object, ...]] = Counter()
    for answer in answers:
        if answer.tag in foreign:
            continue
        identity = answer.identity or board.identity_at(answer.path) or ""
        if not board.has(identity):
            astray += 1
            continue
        said = (identity, answer.tag, answer.label, answer.by, answer.at)
        times[said] += 1
        if answer.at and said in known:
            continue
        changes.append(
            Change(
                key=f"import {digest_json([*said, times[said]])}",
                identity=identity,
                path=board.path(identity),
                tag=answer.tag,
                before=board.label(identity, answer.tag),
                label=answer.label,
                by=answer.by,
                at=answer.at,
            )
        )
    try:
        added = store.add(changes)
    except StoreError as error:
        raise InputError(str(error)) from None
    lines = [f"{file}: {counted(len(answers), 'answer')}, {added} of them new"]
    if astray:
        lines.append(f"{file}: {astray} are about pictures that the data do not have; left out")
    if foreign:
        names = ", ".join(repr(tag) for tag in sorted(foreign))
        lines.append(
            f"{file}: {foreign.total()} are about tags that the data do not have ({names}); "
            "left out"
        )
    return lines


def _wide(workspace: Workspace, board: Board) -> str:
    """Return a table that is a source of data: labels as corrected, splits and regions as built."""
    manifest = open_dataset(workspace).manifest
    # The last two only where they say something: a recipe must name them.
    plain = {"crop": None, "weight": 1.0}
    fixed = [
        name
        for name in FIXED
        if name in manifest.columns
        and (name not in plain or set(map(str, manifest[name])) - {str(plain[name])})
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*fixed, *board.tags])
    for row, labels in zip(
        manifest.select(fixed).iter_rows(), board.labels().tolist(), strict=True
    ):
        # A region is a list of numbers; a label that is unknown is an empty cell.
        cells = (" ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row)
        writer.writerow([*cells, *("" if label < 0 else label for label in labels)])
    return text.getvalue()


def _write_hydrus(board: Board, folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; give the one that holds the pictures, or copies of them"
        )
    locator, outside, regions = Locator(folder), 0, 0
    tagged: list[tuple[Path, list[str]]] = []
    for identity, path, labels in board.labelled():
        place = locator.locate(path)
        if "#" in identity:
            regions += 1
        elif place is None:
            outside += 1
        else:
            tagged.append((Path(place), [tag for tag, label in labels.items() if label == 1]))
    written, left = write_sidecars(tagged, "hydrus")
    lines = [f"{folder}: {written} sidecars"]
    lines += [f"left: {path}: {reason}" for path, reason in left[:20]]
    if len(left) > 20:
        lines.append(f"left: {len(left) - 20} more")
    if regions:
        lines.append(f"left: {regions} regions of pictures, which have no sidecar of their own")
    if outside:
        lines.append(f"left: {counted(outside, 'picture')} that lead out of {folder}")
    return lines
