"""Thresholds for one variant, fitted on the validation split.

Compression moves scores, and a threshold chosen for the float model may not be the best one any
more. But a new one is chosen on few positives and may be worse on other images: a threshold moves
only where it is better beyond chance. All others stay what they were.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edgetag.metrics import Scores
from edgetag.recipe import ThresholdSection
from edgetag.tags import Vocabulary
from edgetag.training.thresholds import choose_thresholds
from edgetag.validation.metrics import Decisions, Split
from edgetag.validation.statistics import f1_samples, interval, share_samples


def refit_thresholds(
    scores: Scores, split: Split, section: ThresholdSection, reference: Mapping[str, float]
) -> dict[str, float]:
    """Return a variant's threshold of every tag.

    Args:
        scores: `[images, tags]` of the variant over the validation split.
        split: The validation split.
        section: The policy by which the reference's were chosen.
        reference: The reference's thresholds; tags too rare to choose from keep theirs.
    """
    names, labels = split.vocabulary.names, split.labels
    chosen = choose_thresholds(scores, labels, split.vocabulary, section, "validation")
    new = _decisions(scores, chosen.thresholds, split.vocabulary)
    old = _decisions(scores, reference, split.vocabulary)
    moved = [
        tag
        for tag, name in enumerate(names)
        if name not in chosen.defaulted
        and split.several_groups(tag)
        and (new[:, tag] != old[:, tag]).any()
    ]
    better = _better(new, old, moved, split, section)
    return {
        name: chosen.thresholds[name] if tag in better else reference[name]
        for tag, name in enumerate(names)
    }


def _decisions(scores: Scores, thresholds: Mapping[str, float], tags: Vocabulary) -> Decisions:
    return scores >= np.array([thresholds[name] for name in tags.names], dtype=np.float32)


def _better(
    new: Decisions, old: Decisions, tags: list[int], split: Split, section: ThresholdSection
) -> set[int]:
    """Return the tags whose new decisions serve the policy better, beyond chance."""
    if not tags or section.policy == "fixed":
        return set()
    if section.policy == "best_f1":
        gains = f1_samples(new, split.labels, tags, split.bootstrap) - f1_samples(
            old, split.labels, tags, split.bootstrap
        )
        return _above_zero(gains, tags, split)
    positives = split.labels == 1
    gains = share_samples(new, positives, tags, split.bootstrap) - share_samples(
        old, positives, tags, split.bootstrap
    )
    return _above_zero(gains, tags, split) | _too_many_alarms(old, tags, split, section.max_fpr)


def _above_zero(gains: npt.NDArray[np.float64], tags: list[int], split: Split) -> set[int]:
    tags_above = set()
    for column, tag in enumerate(tags):
        bounds = interval(gains[:, column], split.confidence)
        if bounds is not None and bounds[0] > 0:
            tags_above.add(tag)
    return tags_above


def _too_many_alarms(old: Decisions, tags: list[int], split: Split, limit: float) -> set[int]:
    """Return the tags whose old threshold breaks the policy's limit, beyond chance."""
    rates = share_samples(old, split.labels == 0, tags, split.bootstrap) - limit
    return _above_zero(rates, tags, split)
