"""Are the pictures and labels here those that the reference was made from?

A gate whose pictures may vanish, or whose labels may change, can be made to pass without touching
the model; without their groups, pictures alike would decide what one of them cannot. So a reference
that comes from elsewhere names every picture of the judged splits and of the one that thresholds
are fitted on, with its labels and group.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Dataset, Rows
from edgetag.errors import InputError
from edgetag.labels import Labels
from edgetag.validation.pictures_result import PicturesComparison, SplitPictures, TagLoss
from edgetag.validation.scores import NO_ROWS, KnownPictures, ReferenceScores

NAMES_KEPT = 100
"""Pictures of a kind that the verdict names."""


def known_pictures(dataset: Dataset, rows: Rows) -> KnownPictures:
    """Return what a reference keeps of the pictures that it scores."""
    groups = first_of_each(np.array(dataset.groups(rows), dtype=object))
    return KnownPictures(dataset.labels(rows), tuple(dataset.paths(rows)), groups)


def first_of_each(groups: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Return for each image the place of the first one of its group, whatever groups are called."""
    _, first, which = np.unique(groups, return_index=True, return_inverse=True)
    return first[which].astype(np.int32)


def rows_if_any(dataset: Dataset, split: str) -> Rows:
    """Return the rows of a split, none where it has no picture."""
    return dataset.rows(split) if split in dataset.splits() else NO_ROWS


@dataclass(frozen=True)
class _Split:
    """A split's pictures on both sides.

    `known` are positions in the reference, `here` rows of the manifest; `shared` are rows that
    are both, and `places` their positions in the reference.
    """

    known: Rows
    here: Rows
    shared: Rows
    places: Rows


def _side_by_side(stored: ReferenceScores, dataset: Dataset, split: str) -> _Split:
    known = np.flatnonzero(np.array(stored.split) == split).astype(np.int64)
    here = rows_if_any(dataset, split)
    place_of = {stored.identities[place]: place for place in known.tolist()}
    places = [place_of.get(identity, -1) for identity in dataset.identities(here)]
    matched = np.array(places, dtype=np.int64)
    both = matched >= 0
    return _Split(known, here, here[both], matched[both])


def shared_rows(stored: ReferenceScores, dataset: Dataset, split: str) -> Rows:
    """Return the rows of a split that a reference knows in it, ascending."""
    return _side_by_side(stored, dataset, split).shared


def compare_pictures(
    stored: ReferenceScores,
    dataset: Dataset,
    splits: Sequence[str],
    min_positives: int,
    where: Path,
) -> PicturesComparison:
    """Hold the pictures, labels and groups here against those that a reference knows.

    Raises:
        InputError: The reference is of other tags.
    """
    columns = stored.columns(dataset.vocabulary.names, where)
    labels = None if stored.known is None else stored.known.labels[:, columns]
    compared, lost = [], []
    for name in splits:
        split = _side_by_side(stored, dataset, name)
        compared.append(_compared(stored, dataset, name, split, labels))
        if labels is not None:
            lost += _lost(dataset, name, split, labels, min_positives)
    return PicturesComparison(
        splits=tuple(compared), lost_tags=tuple(lost), labels_known=labels is not None
    )


def _compared(
    stored: ReferenceScores, dataset: Dataset, name: str, split: _Split, labels: Labels | None
) -> SplitPictures:
    missing = np.setdiff1d(split.known, split.places)
    new = np.setdiff1d(split.here, split.shared)
    relabelled = NO_ROWS
    if labels is not None and len(split.shared):
        differs = (dataset.labels(split.shared) != labels[split.places]).any(axis=1)
        relabelled = split.shared[differs]
    regrouped = _regrouped(stored, dataset, split)
    names = stored.identities if stored.known is None else stored.known.paths
    return SplitPictures(
        split=name,
        known=len(split.known),
        missing=len(missing),
        new=len(new),
        relabelled=len(relabelled),
        missing_names=tuple(names[place] for place in missing[:NAMES_KEPT].tolist()),
        new_names=tuple(dataset.paths(new[:NAMES_KEPT])),
        relabelled_names=tuple(dataset.paths(relabelled[:NAMES_KEPT])),
        regrouped=None if regrouped is None else len(regrouped),
        regrouped_names=() if regrouped is None else tuple(dataset.paths(regrouped[:NAMES_KEPT])),
    )


def _regrouped(stored: ReferenceScores, dataset: Dataset, split: _Split) -> Rows | None:
    """Return known pictures that are grouped with others here; None where no groups are known."""
    if stored.known is None or stored.known.groups is None:
        return None
    before = first_of_each(stored.known.groups[split.places])
    now = first_of_each(np.array(dataset.groups(split.shared), dtype=object))
    return split.shared[before != now]


def _lost(
    dataset: Dataset, name: str, split: _Split, labels: Labels, min_positives: int
) -> list[TagLoss]:
    before, now = labels[split.known], dataset.labels(split.shared)
    return [
        TagLoss(tag=tag, split=name, before=int(had.sum()), now=int(has.sum()))
        for tag, had, has in zip(
            dataset.vocabulary.names, (before == 1).T, (now == 1).T, strict=True
        )
        if had.sum() >= min_positives > has.sum()
    ]


def require_allowed(
    pictures: PicturesComparison, max_changed: float, where: Path
) -> tuple[str, ...]:
    """Refuse changed pictures beyond a share of those that the reference knows in a split.

    Returns:
        A line for each change that is allowed.

    Raises:
        InputError: Names what changed, and says what to do.
    """
    changes = pictures.lines()
    shares = [min(1.0, split.changed / max(1, split.known)) for split in pictures.splits]
    if not shares or max(shares) <= max_changed:
        return changes
    decisive = pictures.splits[0]
    if decisive.missing == decisive.known:
        raise InputError(
            f"{where}: it knows none of the {decisive.new} pictures of {decisive.split} here, so "
            "it is of another data set; make it anew where the model was trained (edgetag validate)"
        )
    raise InputError(
        "\n  ".join(
            (f"{where}: pictures, labels or groups are not those that it was made from:", *changes)
        )
        + "\nPut them back as they were; or make the reference anew where the model was trained "
        "(edgetag validate), and copy it here; or allow such a share of a split with --max-changed "
        f"{math.ceil(max(shares) * 1000) / 1000:g}"
    )
