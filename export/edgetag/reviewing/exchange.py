"""Answers and labels out of the database, and others' answers into it."""

import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edgetag.dataset import open_dataset
from edgetag.dataset.answers import Answer, answers_csv, read_answers
from edgetag.dataset.before_answers import (
    BEFORE_ANSWERS,
    before_answers_text,
    read_before_answers,
)
from edgetag.dataset.correcting import last_by_person
from edgetag.dataset.location import Locator
from edgetag.errors import InputError
from edgetag.recipe import DataSection, Recipe
from edgetag.reviewing.board import Board
from edgetag.reviewing.label_studio import read_tasks, tasks_json
from edgetag.reviewing.opening import open_review
from edgetag.reviewing.result import Form, NotWritten, ReadFile, ReviewExport, ReviewImport
from edgetag.reviewing.store import Change, Kept, Store, StoreError, counting, last_of_each
from edgetag.tables.csv import to_csv
from edgetag.tables.formats import counted
from edgetag.tagging.sidecars import write_sidecars
from edgetag.workspace import Workspace, digest_json
from edgetag.writing import write_text

_NEVER = -1
"""No label: nothing was said."""

FIXED = ("path", "split", "group", "weight", "crop")
"""What a wide table tells of a picture beside its labels."""


def export(workspace: Workspace, recipe: Recipe, form: Form, to: Path) -> ReviewExport:
    """Write what a database holds.

    Args:
        workspace: The run.
        recipe: Says where the pictures lie.
        form: answers: a long table, which `[data] corrections` takes; wide: the labels of all
            pictures, as corrected; hydrus: a text file beside each picture; label-studio: tasks.
        to: The file; with hydrus, the folder that holds the pictures, laid out as in the data.

    Raises:
        InputError: There is no database, `to` is the source of the data, or one of its corrections
            with answers that are not among these, or cannot be written.
    """
    with open_review(workspace, must_exist=True) as (board, store):
        answers = last_of_each(counting(store.since(0)))
        result = ReviewExport(
            to=str(to),
            format=form,
            pictures=len(board),
            answers=len(answers),
            disagreements=board.progress().disagreements,
        )
        if form == "hydrus":
            return _write_hydrus(board, to, result)
        if to.resolve() == recipe.data.source.resolve():
            raise InputError(
                f"{to}: the data's own labels (data.source), which stay as they are; give another "
                "name"
            )
        _refuse_to_lose(to, recipe, board, store.since(0), losing_all=form != "answers")
        if form == "answers":
            text = answers_csv(answer.answer() for answer in answers)
        elif form == "wide":
            text = _wide(workspace, board, recipe.data)
        else:
            text = tasks_json(board.labelled(), answers, recipe.data.image_root.resolve().name)
        write_text(to, text)
        return result


def _refuse_to_lose(
    to: Path, recipe: Recipe, board: Board, rows: Sequence[Kept], *, losing_all: bool
) -> None:
    """Refuse to write over corrections with answers that this review has not had.

    Those that it has had are written, or were taken back, or replaced by the same person.
    """
    if to.resolve() not in {path.resolve() for path in recipe.data.corrections} or not to.exists():
        return
    had: dict[tuple[str, str, str], list[Kept]] = {}
    for row in () if losing_all else rows:
        if row.undoes is None:
            had.setdefault((row.identity, row.tag, row.by), []).append(row)
    there: dict[tuple[str, str, str], list[Answer]] = {}
    for old in read_answers(to, recipe.data.vocabulary()):
        about = board.identity_of(old) or old.identity or old.path
        there.setdefault((about, old.tag, old.by), []).append(old)
    lost = [
        old
        for about, olds in there.items()
        for old in last_by_person(olds)
        if not any(
            row.at > old.at or (row.at, row.label) == (old.at, old.label)
            for row in had.get(about, ())
        )
    ]
    if lost:
        raise InputError(
            f"{to}: the recipe's data.corrections, with {counted(len(lost), 'answer')} that would "
            "be lost; give another name, and list both in data.corrections"
        )


def take_in(workspace: Workspace, recipe: Recipe, files: Iterable[Path]) -> ReviewImport:
    """Keep the answers of tables or of Label Studio's tasks.

    A file that is read twice changes nothing the second time. Answers without a moment stay
    without one; they come in the order in which files are read.

    Raises:
        InputError: A file is missing, damaged, or of neither kind; or answers cannot be kept.
    """
    read = []
    with open_review(workspace) as (board, store):
        known = _Known(store.since(0))
        for file in files:
            if file.suffix.lower() == ".json":
                folder = recipe.data.image_root.resolve().name
                answers = tuple(_below(folder, board, answer) for answer in read_tasks(file))
            else:
                answers = read_answers(file, recipe.data.vocabulary())
            read.append(_keep(board, store, known, file, answers))
            board.follow(store)
    return ReviewImport(files=tuple(read))


def _below(folder: str, board: Board, answer: Answer) -> Answer:
    """Return an answer with its path below the data root, also where that has the root's name.

    Label Studio names files from the folder that holds the storage, in tasks that it made itself.
    """
    if board.identity_of(answer) is not None:
        return answer
    return replace(answer, path=answer.path.removeprefix(f"{folder}/"))


def _keep(
    board: Board, store: Store, known: "_Known", file: Path, answers: tuple[Answer, ...]
) -> ReadFile:
    foreign = Counter(answer.tag for answer in answers if answer.tag not in board.tags)
    own = [answer for answer in answers if answer.tag not in foreign]
    there = [
        replace(answer, identity=identity)
        for answer in own
        if (identity := board.identity_of(answer)) is not None
    ]
    changes = [
        Change(
            key=f"import {digest_json([*_said(answer), time])}",
            identity=answer.identity,
            path=board.path(answer.identity),
            tag=answer.tag,
            before=board.label(answer.identity, answer.tag),
            label=answer.label,
            by=answer.by,
            at=answer.at,
        )
        for answer, time in known.new(there)
    ]
    try:
        added = store.add(changes)
    except StoreError as error:
        raise InputError(str(error)) from None
    return ReadFile(
        file=str(file),
        answers=len(answers),
        new=added,
        astray=len(own) - len(there),
        other_tags=dict(sorted(foreign.items())),
    )


class _Known:
    """The answers that a database has, also those that were taken back.

    Args:
        rows: All of the database.
    """

    def __init__(self, rows: Iterable[Kept]) -> None:
        kept = [row for row in rows if row.undoes is None]
        self._times = Counter(_said(row) for row in kept)
        self._last = {_about(row): row.label for row in kept if not row.at}

    def new(self, answers: Sequence[Answer]) -> Iterator[tuple[Answer, int]]:
        """Yield the answers that are not known, and how often the database will have each then.

        They are known from then on. Of a person's answers without a moment about a tag of a picture
        only the last one counts. So it is new where the last one that was kept says something else,
        though it was said before that.
        """
        last = {_about(answer): answer for answer in answers if not answer.at}
        for answer in answers:
            said, about = _said(answer), _about(answer)
            if answer.at:
                is_new = not self._times[said]
            else:
                label = self._last.get(about, _NEVER)
                is_new = answer is last[about] and answer.label != label
            if is_new:
                self._times[said] += 1
                if not answer.at:
                    self._last[about] = answer.label
                yield answer, self._times[said]


_about = operator.attrgetter("identity", "tag", "by")
"""Of an answer or a row: who says something of which tag of which picture."""


def _said(answer: Answer | Kept) -> tuple[str, str, int | None, str, str]:
    return answer.identity, answer.tag, answer.label, answer.by, answer.at


def _wide(workspace: Workspace, board: Board, section: DataSection) -> str:
    """Return a table that is a source of data: labels as corrected, splits and regions as built.

    Its columns are called as the recipe calls them: it would pass over a split of another name.
    """
    manifest = open_dataset(workspace).manifest
    called = {name: getattr(section, f"{name}_column") or name for name in FIXED}
    if both := [tag for tag in board.tags if tag in (*called.values(), BEFORE_ANSWERS)]:
        raise InputError(
            f"a wide table has a column {both[0]!r} beside those of tags, and that is a tag, too; "
            "take --format answers"
        )
    # The last two only where they say something: a recipe must name them.
    plain = {"crop": None, "weight": 1.0}
    fixed = [
        name
        for name in FIXED
        if name in manifest.columns
        and (name not in plain or set(map(str, manifest[name])) - {str(plain[name])})
    ]
    # A source with answers among its labels still says what stood there before them.
    before = [
        own | dict(read_before_answers(cell, str(workspace.manifest)))
        for own, cell in zip(board.before_answers(), manifest["before_answers"], strict=True)
    ]
    answered = [BEFORE_ANSWERS] if any(before) else []
    rows = []
    for row, labels, own in zip(
        manifest.select(fixed).iter_rows(), board.labels().tolist(), before, strict=True
    ):
        # A region is a list of numbers; a label that is unknown is an empty cell.
        cells = (" ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row)
        told = [before_answers_text(own)] if answered else []
        rows.append([*cells, *("" if label < 0 else label for label in labels), *told])
    return to_csv((*(called[name] for name in fixed), *board.tags, *answered), rows)


def _write_hydrus(board: Board, folder: Path, result: ReviewExport) -> ReviewExport:
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
    return result.replace(
        sidecars=written,
        left=tuple(NotWritten(file=str(path), reason=reason) for path, reason in left),
        regions=regions,
        outside=outside,
    )
