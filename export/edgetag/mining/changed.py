"""Decisions that compression changed, as validation has kept them."""

from collections.abc import Sequence

import polars as pl

from edgetag.dataset import Dataset
from edgetag.errors import InputError
from edgetag.mining.ranking import Candidate, rows_by_identity
from edgetag.workspace import Workspace


def changed(
    workspace: Workspace, dataset: Dataset, tags: Sequence[str]
) -> dict[str, list[Candidate]]:
    """Return decisions that files changed, by tag: those first of which the float model was surest.

    Raises:
        InputError: Nothing is validated yet, or what was kept is damaged.
    """
    path = workspace.validate / "changes.parquet"
    order = ["certainty", "identity", "variant"]
    try:
        table = pl.read_parquet(path, glob=False).sort(order, descending=[True, False, False])
        first = pl.col("certainty", "before", "after").first()
        changes = table.group_by("identity", "tag", maintain_order=True).agg(
            pl.col("variant").unique(maintain_order=True).alias("variants"), first
        )
    except FileNotFoundError:
        raise InputError(f"{path}: missing; run: edgetag validate") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: not a readable table: {error}; run: edgetag validate") from None
    rows = rows_by_identity(dataset)
    candidates: dict[str, list[Candidate]] = {tag: [] for tag in tags}
    for change in changes.iter_rows(named=True):
        if change["identity"] in rows and change["tag"] in candidates:
            candidates[change["tag"]].append(
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
