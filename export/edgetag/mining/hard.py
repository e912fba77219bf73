"""Pictures that are hard, by what validation has kept: scores at a threshold, changed decisions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import logit

from edgetag.dataset import Dataset
from edgetag.errors import InputError
from edgetag.metrics import SURE
from edgetag.mining.ranking import Candidate
from edgetag.training.result import Thresholds
from edgetag.validation.scores import read_reference
from edgetag.workspace import Workspace


def near_thresholds(
    workspace: Workspace, dataset: Dataset, tags: Sequence[str]
) -> list[list[Candidate]]:
    """Return for each tag the pictures of the judged splits, the nearest to its threshold first.

    Distances are those of logits.

    Raises:
        InputError: Nothing is validated yet, or what was kept is damaged.
    """
    path = workspace.validate / "reference.npz"
    if not path.exists():
        raise InputError(f"{path}: missing; run: edgetag validate")
    reference = read_reference(path)
    names = dataset.vocabulary.names
    columns = dict(zip(names, reference.columns(names, path), strict=True))
    thresholds = Thresholds.read(workspace.train / "thresholds.json", "train").thresholds
    rows = rows_by_identity(dataset)
    lists = []
    for tag in tags:
        scores, threshold = reference.scores[:, columns[tag]], thresholds[tag]
        distances = np.abs(_logits(scores) - _logits(np.array(threshold)))
        lists.append(
            [
                Candidate(
                    "near the threshold",
                    rows[reference.identities[place]],
                    tag,
                    float(scores[place]),
                    f"scored {scores[place]:.3f}; the threshold is {threshold:.3f}",
                )
                for place in np.argsort(distances, kind="stable").tolist()
                if reference.identities[place] in rows
            ]
        )
    return lists


def _logits(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = logit(np.clip(scores.astype(np.float64), SURE, 1 - SURE))
    return values


def changed(workspace: Workspace, dataset: Dataset) -> dict[str, list[Candidate]]:
    """Return decisions that files changed, by tag: those first of which the float model was surest.

    Raises:
        InputError: Nothing is validated yet, or what was kept is damaged.
    """
    path = workspace.validate / "changes.parquet"
    order = ["certainty", "identity", "variant"]
    try:
        table = pl.read_parquet(path).sort(order, descending=[True, False, False])
        first = pl.col("certainty", "before", "after").first()
        changes = table.group_by("identity", "tag", maintain_order=True).agg(
            pl.col("variant").unique(maintain_order=True).alias("variants"), first
        )
    except FileNotFoundError:
        raise InputError(f"{path}: missing; run: edgetag validate") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: not a readable table: {error}; run: edgetag validate") from None
    rows = rows_by_identity(dataset)
    candidates: dict[str, list[Candidate]] = {}
    for change in changes.iter_rows(named=True):
        if change["identity"] in rows:
            candidates.setdefault(change["tag"], []).append(
                Candidate(
                    "changed by compression",
                    rows[change["identity"]],
                    change["tag"],
                    float(change["before"]),
                    f"{change['before']:.3f} in float, {change['after']:.3f} in "
                    f"{change['variants'][0]}; files that change it: {len(change['variants'])}",
                )
            )
    return candidates


def rows_by_identity(dataset: Dataset) -> Mapping[str, int]:
    """Return the row of every picture, by what names it."""
    return {name: row for row, name in enumerate(dataset.manifest["identity"].to_list())}
