"""Which of two tags that exclude each other the float model takes for the other."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.reporting.float_model import FloatModel
from edgetag.tables import Cell, Column, Number, Rows, Table
from edgetag.tables.formats import format_percent

MOST_TAGS = 10
"""Tags that the matrix shows; more would not fit beside each other."""


@dataclass(frozen=True)
class Confusion:
    """A matrix of the tags that are confused most; `total` counts those that exclude another."""

    table: Table
    shown: int
    total: int


def confusion(model: FloatModel) -> Confusion | None:
    """Return the matrix; None where no two scored tags exclude each other."""
    scored = model.measured.split.scored
    between = model.exclusive[np.ix_(scored, scored)]
    candidates = [tag for tag, pairs in zip(scored, between, strict=True) if pairs.any()]
    if not candidates:
        return None
    counts = _found_wrongly(model)
    weight = counts + counts.T
    chosen = sorted(candidates, key=lambda tag: -weight[tag, candidates].max())[:MOST_TAGS]
    chosen.sort()
    return Confusion(_table(model, counts, chosen), len(chosen), len(candidates))


def _found_wrongly(model: FloatModel) -> npt.NDArray[np.int64]:
    """Return `[tags, tags]`: images with the row's tag in which the column's is found wrongly.

    Pairs that do not exclude each other count nothing.
    """
    labels, decisions = model.measured.split.labels, model.measured.decisions
    wrongly = (decisions & (labels == 0)).astype(np.float32)
    counts = (labels == 1).astype(np.float32).T @ wrongly
    return np.where(model.exclusive, counts, 0).astype(np.int64)


def _table(model: FloatModel, counts: npt.NDArray[np.int64], chosen: list[int]) -> Table:
    measured, names = model.measured, model.measured.split.vocabulary.names
    have = measured.split.labels == 1
    images = have.sum(axis=0).tolist()
    nothing = ~measured.decisions.any(axis=1)

    def share_confused_with(other: int) -> Column[int]:
        def share(tag: int) -> Cell | None:
            if other == tag:
                right = have[:, tag] & measured.decisions[:, tag]
                return _share(int(right.sum()), images[tag])
            if model.exclusive[tag, other]:
                return _share(int(counts[tag, other]), images[tag])
            return None

        return Number(names[other], share, note="found")

    return Rows(chosen).table(
        "Confusion between tags that exclude each other",
        Column("images that have", lambda tag: names[tag]),
        Number("images", lambda tag: images[tag]),
        *map(share_confused_with, chosen),
        Number(
            "nothing",
            lambda tag: _share(int((have[:, tag] & nothing).sum()), images[tag]),
            note="found",
        ),
    )


def _share(number: int, of: int) -> Cell:
    return Cell(str(number), note=format_percent(number / of), share=number / of)
