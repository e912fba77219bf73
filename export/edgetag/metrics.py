"""What scores are worth against labels, and how far they lie from other scores.

The arithmetic of average precision is scikit-learn's.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.labels import Labels

Scores = npt.NDArray[np.float32]
"""Scores `[images, tags]` in 0..1."""

SURE = 1.0 / 512.0
"""Scores nearer to 0 or 1 count as this near: half a step of a score of 8 bits."""


def average_precisions(
    scores: Scores, labels: Labels, min_positives: int = 1
) -> npt.NDArray[np.float64]:
    """Return each tag's average precision, NaN where it is not scored.

    Args:
        scores: `[images, tags]`.
        labels: `[images, tags]` with 1, 0 and -1; unknown cells are left out.
        min_positives: A tag with fewer known positives, or without a negative, is not scored.

    Returns:
        `[tags]` in 0..1 or NaN.
    """
    from sklearn.metrics import average_precision_score  # takes 1 s to import

    result = np.full(labels.shape[1], np.nan)
    for tag in range(labels.shape[1]):
        known = labels[:, tag] >= 0
        truth = labels[known, tag]
        positives = int(truth.sum())
        if max(min_positives, 1) <= positives < len(truth):
            result[tag] = average_precision_score(truth, scores[known, tag])
    return result


def mean_average_precision(scores: Scores, labels: Labels, min_positives: int = 1) -> float:
    """Return the mean of `average_precisions` over scored tags, NaN where there are none."""
    scored = average_precisions(scores, labels, min_positives)
    scored = scored[~np.isnan(scored)]
    return float(scored.mean()) if len(scored) else float("nan")


def squared_logit_distances(
    scores: npt.NDArray[np.floating[Any]], reference: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.float64]:
    """Return `[images]`: the mean over tags of the squared difference of logits.

    It needs no label, and moves with everything that compression changes, while average precision
    moves only where pictures change places.

    Args:
        scores: `[images, tags]`.
        reference: `[images, tags]`, of the same pictures.
    """
    return np.square(logits_of(scores) - logits_of(reference)).mean(axis=1)


def logit_rmse(
    scores: npt.NDArray[np.floating[Any]], reference: npt.NDArray[np.floating[Any]]
) -> float:
    """Return the root of the mean of `squared_logit_distances` over images."""
    return float(np.sqrt(squared_logit_distances(scores, reference).mean()))


def logits_of(scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return the logits of scores, in the same shape; for those near 0 or 1 see `SURE`."""
    inside = np.clip(scores.astype(np.float64), SURE, 1.0 - SURE)
    return np.log(inside / (1.0 - inside))
