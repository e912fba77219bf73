"""Pictures whose tags are known, with what a file made of them: by these a rule is judged.

A validated run folder has them one by one. A bundle's verdict only counts them by tag, at the tag's
threshold and at every hundredth of a score: enough for a rule of one tag.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
from edgetag.validation.operating import CURVE_SCORES
from edgetag.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Known:
    """Pictures whose tags are known, each row standing for as many as it counts.

    Attributes:
        source: Which file, runtime and split, for people.
        labels: Tag → `[rows]`: 1, 0, or -1 for unknown.
        limits: Scores between which rows count pictures of one tag; None where every row is a
            picture, whose scores are known.
        scores: Tag → `[rows]`; of counted pictures any between two limits.
        is_set: Tag → `[rows]`: whether the file's threshold was reached.
        thresholds: Tag → the file's threshold.
        counts: `[rows]` pictures.
        group_of: `[rows]` group numbers; None where they are not known.
        group_size: Pictures of a group, on average.
        confidence: Of intervals.
        min_positives: With fewer nothing is said.
    """

    source: str
    limits: frozenset[float] | None
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
        return _of_bundle(
            _entry(released, variant or released.shipped[0], path), released, tag, path
        )
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
        limits=None,
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


def _of_bundle(entry: ReleasedEntry, released: ReleasedVerdict, tag: str, path: Path) -> Known:
    """Return a row for pictures with the tag, and one for those without, between any two cuts."""
    known = {row.tag: row for row in entry.tags}
    if tag not in known:
        raise InputError(f"the verdict of {entry.variant} has no tag {tag!r}; it has other tags")
    row = known[tag]
    at_threshold = (row.recall or 0.0) * row.positives, (row.fpr or 0.0) * row.negatives
    reaching = {0.0: (row.positives, row.negatives)}
    if row.curve is not None:
        curves = zip(row.curve.positives, row.curve.negatives, strict=True)
        reaching |= dict(zip(CURVE_SCORES.tolist(), curves, strict=True))
    reaching[row.threshold] = round(at_threshold[0]), round(at_threshold[1])
    cuts = sorted(reaching)
    counts = -np.diff([*(reaching[cut] for cut in cuts), (0, 0)], axis=0)
    if (counts < 0).any():
        raise InputError(f"{path}: what it counts of {tag!r} does not fit; make the bundle again")
    between = (np.array(cuts) + np.array([*cuts[1:], 1.0])) / 2
    scores = np.tile(between, 2).astype(np.float32)
    return Known(
        source=f"{entry.variant} on {entry.runtime} over {entry.split}",
        limits=frozenset(cuts),
        labels={tag: np.repeat(np.array([1, 0], dtype=np.int8), len(cuts))},
        scores={tag: scores},
        is_set={tag: scores >= np.float32(row.threshold)},
        thresholds={tag: row.threshold},
        counts=counts.T.ravel(),
        group_of=None,
        group_size=entry.n_images / entry.n_groups,
        confidence=released.confidence,
        min_positives=released.min_positives,
    )
