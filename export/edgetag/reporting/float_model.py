"""The float model over the split that decides: what it decided, and which tags exclude each other.

Read from what validation keeps, so that a report needs no TensorFlow.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Rows, open_dataset
from edgetag.labels import Labels
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.result import Verdict
from edgetag.validation.scores import read_reference
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class FloatModel:
    """The reference's decisions against the labels.

    Attributes:
        measured: Scores, labels and thresholds over the images of the split.
        rows: `[images]` of the manifest and the image cache.
        paths: `[images]`, relative to the data root.
        exclusive: `[tags, tags]`, true where no image of any split has both tags, and enough are
            known to have the one and not the other, both ways.
    """

    measured: Measured
    rows: Rows
    paths: tuple[str, ...]
    exclusive: npt.NDArray[np.bool_]


def read_float_model(workspace: Workspace, verdict: Verdict) -> FloatModel | None:
    """Read labels, kept scores and thresholds; None where nothing was scored or they are not here.

    Images that the kept scores lack are left out, as they took no part in the verdict.

    Raises:
        InputError: A file is damaged, or the scores are for other tags.
    """
    entry = next((candidate for candidate in verdict.variants if candidate.decides), None)
    kept = workspace.validate / "reference.npz"
    if entry is None or not kept.exists() or not (workspace.cache / "index.json").exists():
        return None
    dataset, reference = open_dataset(workspace), read_reference(kept)
    judged = set(reference.identities)
    rows = dataset.rows(verdict.split)
    rows = rows[[identity in judged for identity in dataset.identities(rows)]]
    split = Split(
        dataset.labels(rows),
        dataset.vocabulary,
        dataset.groups(rows),
        min_positives=verdict.min_positives,
        samples=1,
        confidence=verdict.confidence,
        seed=0,
    )
    every = np.arange(len(dataset.manifest), dtype=np.int64)
    scores = reference.matched(dataset.identities(rows), dataset.vocabulary.names, kept)
    thresholds = {tag.tag: tag.reference_threshold for tag in entry.tags}
    return FloatModel(
        measured=Measured(scores, split, thresholds),
        rows=rows,
        paths=tuple(dataset.paths(rows)),
        exclusive=exclusive_tags(dataset.labels(every), verdict.min_positives),
    )


def exclusive_tags(labels: Labels, least: int) -> npt.NDArray[np.bool_]:
    """Return `[tags, tags]`: which tags never come together, as far as labels tell.

    Args:
        labels: `[images, tags]`.
        least: Images that must be known to have the one and not the other, both ways.
    """
    # Floats, since numpy multiplies matrices of integers slowly.
    present, lacking = (labels == 1).astype(np.float32), (labels == 0).astype(np.float32)
    together, apart = present.T @ present, present.T @ lacking
    return (together == 0) & (np.minimum(apart, apart.T) >= least)
