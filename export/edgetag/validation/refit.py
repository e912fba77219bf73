"""Thresholds for one variant, fitted on the validation split.

Compression moves scores, and a threshold chosen for the float model may not be the best one any
more. A threshold that serves as well as the new one stays: what need not change does not.
"""

from collections.abc import Mapping

import numpy as np

from edgetag.metrics import Scores
from edgetag.recipe import ThresholdSection
from edgetag.tags import Labels, Vocabulary
from edgetag.training.thresholds import choose_thresholds
from edgetag.validation.metrics import f1


def refit_thresholds(
    scores: Scores,
    labels: Labels,
    vocabulary: Vocabulary,
    section: ThresholdSection,
    reference: Mapping[str, float],
) -> dict[str, float]:
    """Return a variant's threshold of every tag.

    Args:
        scores: `[images, tags]` of the variant over the validation split.
        labels: `[images, tags]`; unknown cells are left out.
        vocabulary: Names the tags.
        section: The policy by which the reference's were chosen.
        reference: The reference's thresholds; tags too rare to choose from keep theirs.
    """
    chosen = choose_thresholds(scores, labels, vocabulary, section, "validation")
    new = np.array([chosen.thresholds[name] for name in vocabulary.names], dtype=np.float32)
    old = np.array([reference[name] for name in vocabulary.names], dtype=np.float32)
    better = _merit(scores >= new, labels, section) > _merit(scores >= old, labels, section)
    return {
        name: chosen.thresholds[name]
        if better[tag] and name not in chosen.defaulted
        else reference[name]
        for tag, name in enumerate(vocabulary.names)
    }


def _merit(
    decisions: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    labels: Labels,
    section: ThresholdSection,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return `[tags]`, what the policy makes largest."""
    if section.policy == "fixed":
        return np.zeros(labels.shape[1])
    if section.policy == "best_f1":
        return f1(decisions, labels)
    positives, negatives = labels == 1, labels == 0
    recall = (decisions & positives).sum(axis=0) / np.maximum(positives.sum(axis=0), 1)
    fpr = (decisions & negatives).sum(axis=0) / np.maximum(negatives.sum(axis=0), 1)
    return np.where(fpr <= section.max_fpr, recall, -fpr)
