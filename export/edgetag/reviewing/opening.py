"""Opens a run for review: its pictures, its findings, its database of answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgetag.dataset import Dataset, open_dataset
from edgetag.dataset.correcting import earlier_answers, source_labels
from edgetag.errors import InputError
from edgetag.mining.result import MineResult, read_questions
from edgetag.reviewing.board import Board
from edgetag.reviewing.store import Store, StoreError, moments_of
from edgetag.workspace import Workspace


@contextmanager
def open_review(
    workspace: Workspace, dataset: Dataset | None = None, *, must_exist: bool = False
) -> Iterator[tuple[Board, Store]]:
    """Open a run's pictures and its database, until the block ends.

    Args:
        workspace: The run, with built data.
        dataset: Its data, where they are open already.
        must_exist: Refuse a run without a database.

    Raises:
        InputError: The data or the database are missing, damaged, or do not fit.
    """
    path = workspace.review / "review.sqlite"
    if must_exist and not path.exists():
        raise InputError(f"{path}: missing; run: edgetag review RUN")
    mined = MineResult.read_if_there(workspace.mine / "mine.json", "mine")
    opened = dataset or open_dataset(workspace)
    if opened.manifest["answered"].list.len().sum():
        for table in (workspace.earlier_answers, workspace.corrections):
            if not table.exists():
                raise InputError(
                    f"{table}: missing, though labels here are people's answers; run: edgetag data "
                    "build"
                )
    earlier = earlier_answers(workspace.earlier_answers, opened.vocabulary)
    board = Board(
        opened,
        mined.findings if mined else (),
        source_labels(workspace.corrections),
        read_questions(workspace),
        earlier,
    )
    store = Store(path, board.tags, board.has, moments_of(earlier))
    try:
        board.follow(store)
        yield board, store
    except StoreError as error:
        raise InputError(str(error)) from None
    finally:
        store.close()
