"""Which of two tags that exclude each other the float model takes for the other."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.reporting.float_model import FloatModel
from edgetag.reporting.page import words
from edgetag.reporting.page.grid import Cell, Column, Grid, cells
from edgetag.reporting.tables import NONE

MOST_TAGS = 10
"""Of the matrix; more would not fit beside each other."""


@dataclass(frozen=True)
class Confusion:
    """A matrix of the tags that are confused most; `total` counts those that exclude another."""

    grid: Grid
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
    names = model.measured.split.vocabulary.names
    columns = (
        Column("images that have", numeric=False), Column("images"),
        *(Column(names[tag], note="found") for tag in chosen), Column("nothing", note="found"),
    )  # fmt: skip
    rows = tuple(_row(model, counts, tag, chosen) for tag in chosen)
    grid = Grid("Confusion between tags that exclude each other", columns, rows)
    return Confusion(grid, len(chosen), len(candidates))


def _found_wrongly(model: FloatModel) -> npt.NDArray[np.int64]:
    """Return `[tags, tags]`: images with the row's tag in which the column's is found wrongly.

    Pairs that do not exclude each other count nothing.
    """
    labels, decisions = model.measured.split.labels, model.measured.decisions
    wrongly = (decisions & (labels == 0)).astype(np.float32)
    counts = (labels == 1).astype(np.float32).T @ wrongly
    return np.where(model.exclusive, counts, 0).astype(np.int64)


def _row(
    model: FloatModel, counts: npt.NDArray[np.int64], tag: int, chosen: list[int]
) -> tuple[Cell, ...]:
    measured, split = model.measured, model.measured.split
    have = split.labels[:, tag] == 1
    images = int(have.sum())
    row: list[str | Cell] = [split.vocabulary.names[tag], words.count(images)]
    for other in chosen:
        if other == tag:
            row.append(_share(int((have & measured.decisions[:, tag]).sum()), images))
        elif model.exclusive[tag, other]:
            row.append(_share(int(counts[tag, other]), images))
        else:
            row.append(NONE)
    row.append(_share(int((have & ~measured.decisions.any(axis=1)).sum()), images))
    return cells(row)


def _share(number: int, of: int) -> Cell:
    return Cell(words.count(number), words.percent(number / of), share=number / of)
