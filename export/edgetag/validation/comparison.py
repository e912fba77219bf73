"""What a variant's scores lose against the reference's, tag by tag and over all.

Drops are reference minus variant, rises variant minus reference, as fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgetag.metrics import squared_logit_distances
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.proportions import (
    design_effect,
    exact_mcnemar,
    holm,
    p_above,
    paired_interval,
)
from edgetag.validation.statistics import Interval, interval, mean_over_tags, ratio_samples

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """A number of the variant, its change for the worse, and the change's interval.

    There is no interval where images of one group alone tell of it.
    """

    value: float
    drop: float
    drop_interval: Interval | None


@dataclass(frozen=True)
class Paired:
    """A share of images decided present, before and after.

    Attributes:
        measure: Figures of the variant; its drop counts what is worse.
        worse: Images whose decision changed for the worse.
        better: And for the better.
        total: Images that the share is of.
    """

    measure: Measure
    worse: int
    better: int
    total: int

    def chance_beyond(self, limit: float, effect: float) -> float:
        """Return the chance to see so much if the true change were at a limit.

        Args:
            limit: As a fraction.
            effect: How many images of a group tell as much as one alone.
        """
        return p_above(self.worse / effect, self.better / effect, self.total / effect, limit)


@dataclass(frozen=True)
class TagComparison:
    """One scored tag.

    Attributes:
        ap: Average precision.
        ap_drops: `[samples]` of the bootstrap, NaN where no positive was drawn.
        f1: At the thresholds.
        f1_drops: `[samples]` of the bootstrap.
        f1_gain: Against the variant's scores at the reference's threshold.
        recall: Among positives.
        fpr: Among negatives; its drop is a rise.
        lost: Decisions that only the reference makes.
        gained: Decisions that only the variant makes.
        mcnemar_p: Exact, two-sided.
        mcnemar_p_holm: Corrected for the number of scored tags.
    """

    ap: Measure
    ap_drops: Vector = field(compare=False, repr=False)
    f1: Measure
    f1_drops: Vector = field(compare=False, repr=False)
    f1_gain: float
    recall: Paired
    fpr: Paired
    lost: int
    gained: int
    mcnemar_p: float
    mcnemar_p_holm: float


@dataclass(frozen=True)
class Comparison:
    """A variant against the reference over one split.

    Attributes:
        tags: Tag → comparison, for scored tags.
        mean_ap: Over scored tags; None where there are none.
        mean_f1: Likewise.
        f1_gain: Mean over scored tags; None where there are none.
        design_effect: See `proportions.design_effect`.
        flips: Known cells whose decision changed.
        flip_rate: Their share; None without known cells.
        largest_score_difference: Largest absolute difference over known cells.
        mean_score_difference: Mean absolute difference over known cells.
        logit_rmse: Root mean square of the difference of logits over all cells, known or not; its
            drop is itself.
    """

    tags: Mapping[str, TagComparison]
    mean_ap: Measure | None
    mean_f1: Measure | None
    f1_gain: float | None
    design_effect: float
    flips: int
    flip_rate: float | None
    largest_score_difference: float | None
    mean_score_difference: float | None
    logit_rmse: Measure


def compare(reference: Measured, variant: Measured, unfitted: Measured) -> Comparison:
    """Compare a variant with the reference over their split.

    Args:
        reference: Scores of the float model.
        variant: The variant's scores and thresholds.
        unfitted: The variant's scores with the reference's thresholds.
    """
    split = variant.split
    ap_drops = reference.ap_samples - variant.ap_samples
    f1_drops = reference.f1_samples - variant.f1_samples
    changes = reference.decisions.astype(np.int8) - variant.decisions.astype(np.int8)
    effect = design_effect(changes, split.known, split.bootstrap.group_of)
    p_values = [_mcnemar(tag, reference, variant) for tag in split.scored]
    gains = variant.f1 - unfitted.f1
    several = {tag: split.several_groups(tag) for tag in split.scored}
    tags = {}
    for column, (tag, p, p_holm) in enumerate(
        zip(split.scored, p_values, holm(p_values), strict=True)
    ):
        known = split.known[:, tag]
        tags[split.vocabulary.names[tag]] = TagComparison(
            ap=_measure(
                variant.average_precisions[tag],
                reference.average_precisions[tag],
                ap_drops[:, column],
                split,
                several[tag],
            ),
            ap_drops=ap_drops[:, column],
            f1=_measure(
                variant.f1[tag], reference.f1[tag], f1_drops[:, column], split, several[tag]
            ),
            f1_drops=f1_drops[:, column],
            f1_gain=float(gains[tag]),
            recall=_paired(tag, 1, reference, variant, effect),
            fpr=_paired(tag, 0, variant, reference, effect),
            lost=int((changes[known, tag] > 0).sum()),
            gained=int((changes[known, tag] < 0).sum()),
            mcnemar_p=p,
            mcnemar_p_holm=p_holm,
        )
    scored = split.scored
    flips = int((changes[split.known] != 0).sum())
    differences = np.abs(variant.scores - reference.scores)[split.known]
    anything = len(differences) > 0
    return Comparison(
        tags=tags,
        mean_ap=_mean(
            variant.average_precisions[scored],
            reference.average_precisions[scored],
            ap_drops,
            split,
            any(several.values()),
        ),
        mean_f1=_mean(
            variant.f1[scored], reference.f1[scored], f1_drops, split, any(several.values())
        ),
        f1_gain=float(gains[scored].mean()) if scored else None,
        design_effect=effect,
        flips=flips,
        flip_rate=flips / len(differences) if anything else None,
        largest_score_difference=float(differences.max()) if anything else None,
        mean_score_difference=float(differences.mean()) if anything else None,
        logit_rmse=_logit_rmse(reference, variant),
    )


def _logit_rmse(reference: Measured, variant: Measured) -> Measure:
    """Measure the distance, and how far it would move with other images."""
    squares = squared_logit_distances(variant.scores, reference.scores)
    value = float(np.sqrt(squares.mean()))
    samples = ratio_samples(squares, np.ones(len(squares)), variant.split.bootstrap)
    return Measure(value, value, interval_of(np.sqrt(samples), variant.split))


def _mcnemar(tag: int, reference: Measured, variant: Measured) -> float:
    """Test whether the tag's decisions became wrong as often as right."""
    split = reference.split
    known = split.known[:, tag]
    truth = split.labels[known, tag] == 1
    before = reference.decisions[known, tag] == truth
    after = variant.decisions[known, tag] == truth
    return exact_mcnemar(int((before & ~after).sum()), int((~before & after).sum()))


def _paired(tag: int, label: int, before: Measured, after: Measured, effect: float) -> Paired:
    """Compare how often images of a label are decided present.

    For false positives `before` and `after` change places: there the variant's decisions are the
    ones that cost. `measure.value` is always the variant's.
    """
    split = before.split
    chosen = split.labels[:, tag] == label
    first, second = before.decisions[chosen, tag], after.decisions[chosen, tag]
    worse, better = int((first & ~second).sum()), int((~first & second).sum())
    total = int(chosen.sum())
    interval_ = None
    if split.several_groups(tag, (label,)):
        counts = (worse / effect, better / effect, total / effect)
        interval_ = paired_interval(*counts, split.confidence)
    value = (second if label == 1 else first).mean()
    return Paired(
        measure=Measure(float(value), (worse - better) / total, interval_),
        worse=worse,
        better=better,
        total=total,
    )


def _measure(value: float, reference: float, drops: Vector, split: Split, several: bool) -> Measure:
    drop = float(reference) - float(value)
    return Measure(float(value), drop, interval_of(drops, split) if several else None)


def _mean(
    values: Vector, reference: Vector, drops: Vector, split: Split, several: bool
) -> Measure | None:
    """Average over scored tags; a sample averages over the tags of which it drew a positive."""
    if not len(values):
        return None
    means = mean_over_tags(drops)
    return _measure(float(values.mean()), float(reference.mean()), means, split, several)


def interval_of(samples: Vector, split: Split) -> Interval | None:
    """Return the interval of samples of a split's bootstrap, None where they cannot differ."""
    if split.bootstrap.groups < 2:
        return None  # one group: every sample is the same
    return interval(samples, split.confidence)
