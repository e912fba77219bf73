"""Pictures whose tags are known, with what a file made of them: by these a rule is judged.

A validated run folder has them one by one. A bundle's verdict only counts them by tag, which is
enough for a rule of one tag at its threshold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.bundling.released import ReleasedEntry, ReleasedVerdict, read_released
from edgetag.errors import InputError
from edgetag.recipe import resolved_recipe
from edgetag.screening.rules import Truths, Values
from edgetag.screening.truth import Truth
from edgetag.shipping import read_shipping
from edgetag.validation.judged import Judged, read_judged
from edgetag.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Known:
    """Pictures whose tags are known, each row standing for as many as it counts.

    Attributes:
        source: Which file, runtime and split, for people.
        labels: Tag → `[rows]`: 1, 0, or -1 for unknown.
        by_picture: Whether every row is a picture; else only counts at thresholds are known.
        scores: Tag → `[rows]`; zeros where only counts are known.
        is_set: Tag → `[rows]`: whether the file's threshold was reached.
        thresholds: Tag → the file's threshold.
        counts: `[rows]` pictures.
        group_of: `[rows]` group numbers; None where they are not known.
        group_size: Pictures of a group, on average.
        confidence: Of intervals.
        min_positives: With fewer nothing is said.
    """

    source: str
    by_picture: bool
    labels: Mapping[str, Truth]
    scores: Mapping[str, Values]
    is_set: Mapping[str, Truths]
    thresholds: Mapping[str, float]
    counts: npt.NDArray[np.int64]
    group_of: npt.NDArray[np.int64] | None
    group_size: float
    confidence: float
    min_positives: int


def read_known(path: Path, variant: str | None, tag: str) -> Known:
    """Read what is known of a file.

    Args:
        path: A validated run folder, or a bundle.
        variant: Which file; default: the one that apps take first.
        tag: Of a bundle, only what is known of this tag.

    Raises:
        InputError: It is neither, or nothing was scored of such a file.
    """
    if not path.is_dir():
        released = read_released(path)
        return _of_bundle(_entry(released, variant or released.shipped[0], path), released, tag)
    workspace = Workspace(path)
    run_file = workspace.read_run_file()
    if run_file is None:
        raise InputError(f"{path}: a folder without run.json; name a run folder or a bundle")
    recipe = resolved_recipe(run_file.recipe, workspace.run_file)
    return _of_run(read_judged(workspace, variant or read_shipping(recipe, workspace).leading))


def _entry(released: ReleasedVerdict, variant: str, path: Path) -> ReleasedEntry:
    for entry in released.variants:
        if entry.variant == variant and entry.decides:
            return entry
    names = ", ".join(dict.fromkeys(entry.variant for entry in released.variants))
    raise InputError(f"{path}: nothing was scored of {variant!r}; it judges: {names}")


def _of_run(judged: Judged) -> Known:
    entry, names = judged.entry, judged.verdict.tags
    thresholds = {tag.tag: tag.threshold for tag in entry.tags}
    columns = dict(zip(names, judged.scores.T, strict=True))
    return Known(
        source=f"{entry.variant} on {entry.runtime} over {entry.split}",
        by_picture=True,
        labels=dict(zip(names, judged.labels.T, strict=True)),
        scores=columns,
        is_set={tag: columns[tag] >= np.float32(thresholds[tag]) for tag in names},
        thresholds=thresholds,
        counts=np.ones(entry.n_images, dtype=np.int64),
        group_of=judged.group_of,
        group_size=entry.n_images / entry.n_groups,
        confidence=judged.verdict.confidence,
        min_positives=judged.verdict.min_positives,
    )


def _of_bundle(entry: ReleasedEntry, released: ReleasedVerdict, tag: str) -> Known:
    """Return four rows: set and not set, of pictures with the tag and without."""
    known = {row.tag: row for row in entry.tags}
    if tag not in known:
        raise InputError(f"the verdict of {entry.variant} has no tag {tag!r}; it has other tags")
    row = known[tag]
    hits = round((row.recall or 0.0) * row.positives), round((row.fpr or 0.0) * row.negatives)
    counts = [hits[0], row.positives - hits[0], hits[1], row.negatives - hits[1]]
    label, is_set = zip(*product((1, 0), (True, False)), strict=True)
    return Known(
        source=f"{entry.variant} on {entry.runtime} over {entry.split}",
        by_picture=False,
        labels={tag: np.array(label, dtype=np.int8)},
        scores={tag: np.zeros(len(counts), dtype=np.float32)},
        is_set={tag: np.array(is_set)},
        thresholds={tag: row.threshold},
        counts=np.array(counts, dtype=np.int64),
        group_of=None,
        group_size=entry.n_images / entry.n_groups,
        confidence=released.confidence,
        min_positives=released.min_positives,
    )
