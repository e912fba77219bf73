"""From which score a tag counts as present, chosen per tag on the validation split.

A threshold lies halfway between the lowest score that counts and the next lower one: every value
between the two decides alike there, and the middle is the farthest from both when a compressed
model moves scores a little.
"""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve, roc_curve

from edgetag.labels import Labels, known
from edgetag.metrics import Scores
from edgetag.recipe import ThresholdSection
from edgetag.tags import Vocabulary
from edgetag.training.result import MIN_IMAGES, Thresholds

_Vector = npt.NDArray[np.float64]


def choose_thresholds(
    scores: Scores, labels: Labels, vocabulary: Vocabulary, section: ThresholdSection, split: str
) -> Thresholds:
    """Choose a threshold for every tag.

    Scores and labels are `[images, tags]` of the split; unknown cells are left out.
    """
    chosen: dict[str, float] = {}
    defaulted, unkept = [], []
    for tag, name in enumerate(vocabulary.names):
        cells = known(labels[:, tag])
        truth, tag_scores = labels[cells, tag], scores[cells, tag].astype(np.float64)
        positives = int((truth == 1).sum())
        if section.policy == "fixed":
            chosen[name] = section.value
        elif min(positives, len(truth) - positives) < MIN_IMAGES:
            chosen[name] = section.value
            defaulted.append(name)
        elif section.policy == "best_f1":
            chosen[name] = best_f1(truth, tag_scores)
        else:
            chosen[name] = recall_at_fpr(truth, tag_scores, section.max_fpr)
            set_wrongly = tag_scores[truth == 0].astype(np.float32) >= np.float32(chosen[name])
            if set_wrongly.mean() > section.max_fpr:
                unkept.append(name)
    return Thresholds(
        policy=section.policy,
        split=split,
        thresholds=chosen,
        defaulted=tuple(defaulted),
        unkept=tuple(unkept),
    )


def best_f1(truth: Labels, scores: _Vector) -> float:
    """Return the threshold with the highest F1; of equal ones the lowest.

    `truth` is `[n]` of 1 and 0, with both; scores are `[n]` in 0..1.
    """
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return _between(scores, float(thresholds[np.argmax(f1[:-1])]))


def recall_at_fpr(truth: Labels, scores: _Vector, max_fpr: float) -> float:
    """Return the threshold with the largest recall whose false-positive rate is within a limit.

    `truth` is `[n]` of 1 and 0, with both; scores are `[n]` in 0..1, and so is the limit. It is 1,
    the highest there is, where more negatives than that have a score of 1.
    """
    fpr, recall, thresholds = roc_curve(truth, scores, drop_intermediate=False)
    allowed = fpr <= max_fpr
    # Thresholds fall, so the first of equal recall is the highest, with the lowest rate.
    return _between(scores, float(thresholds[allowed][np.argmax(recall[allowed])]))


def _between(scores: _Vector, lowest_present: float) -> float:
    """Return the middle between a score that counts and the next lower, 0 where there is none.

    `lowest_present` is infinite where nothing may count; the next higher bound is then 1. Where
    the two are neighbours in float32, by which tags are set, there is no middle.
    """
    lower = scores[scores < lowest_present]
    below = float(lower.max()) if len(lower) else 0.0
    above = min(lowest_present, 1.0)
    middle = (below + above) / 2
    return above if len(lower) and np.float32(middle) <= np.float32(below) else middle
