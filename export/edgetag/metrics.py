"""Average precision over three-state labels; the arithmetic is scikit-learn's."""

import numpy as np
import numpy.typing as npt

from edgetag.labels import Labels

Scores = npt.NDArray[np.float32]
"""Scores `[images, tags]` in 0..1."""


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
