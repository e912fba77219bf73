"""Paired differences of proportions: what the change of a model does to recall and false positives.

Every image is decided twice, before and after. Images on which both agree tell nothing of the
difference; the others were lost (present before only) or gained (present after only).

scipy holds no interval for a paired difference, so Tango's score interval is written out here.
Unlike a bootstrap it stays honest where nothing was lost: 0 of 20 lost still allows that 16 % are.
It excludes 0 where McNemar's test, without continuity correction, finds a difference.

Nor does it hold McNemar's test and Holm's correction, a line or two each. statsmodels does, but
brings pandas with it and collects garbage at every correction, which took more time than all else
of a validation; the tests compare with it.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtr, ndtri

from edgetag.validation.statistics import Interval

EDGE = 1e-9
"""How near to ±1 a difference is looked for."""


def score_statistic(lost: float, gained: float, total: float, difference: float) -> float:
    """Return how many standard errors the observed difference lies above a supposed one.

    Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", Statistics in Medicine 17 (1998) 891-908. The variance is that of the
    supposed difference, with the share of gained at its maximum of likelihood.

    Args:
        lost: Pairs that count for the difference.
        gained: Pairs that count against it.
        total: All pairs, more than 0. Counts need not be whole: a design effect divides them.
        difference: `P(lost) - P(gained)` supposed, in -1..1.

    Returns:
        About standard normal if `difference` is the true one; falls as `difference` rises.
    """
    variance = total * score_variance(lost, gained, total, difference)
    distance = lost - gained - total * difference
    if variance <= 0.0:
        return 0.0 if distance == 0.0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def score_variance(lost: float, gained: float, total: float, difference: float) -> float:
    """Return what one pair varies by if a supposed difference is true; see `score_statistic`."""
    a = 2.0 * total
    b = -lost - gained + (2.0 * total - lost + gained) * difference
    c = -gained * difference * (1.0 - difference)
    share_gained = (math.sqrt(max(0.0, b * b - 4.0 * a * c)) - b) / (2.0 * a)
    return 2.0 * share_gained + difference * (1.0 - difference)


def paired_interval(lost: float, gained: float, total: float, confidence: float) -> Interval:
    """Return Tango's interval of `P(lost) - P(gained)`; see `score_statistic`."""
    from scipy.optimize import brentq  # slow to import

    z = float(ndtri((1.0 + confidence) / 2.0))

    def end(level: float) -> float:
        def distance(difference: float) -> float:
            return score_statistic(lost, gained, total, difference) - level

        if distance(-1.0 + EDGE) <= 0.0:
            return -1.0
        if distance(1.0 - EDGE) >= 0.0:
            return 1.0
        return float(brentq(distance, -1.0 + EDGE, 1.0 - EDGE, xtol=1e-12))

    return end(z), end(-z)


def p_above(lost: float, gained: float, total: float, limit: float) -> float:
    """Return the chance to see such a difference or a larger one if the true one were `limit`."""
    return float(ndtr(-score_statistic(lost, gained, total, limit)))


def largest_share(hits: float, total: float, level: float) -> float:
    """Return the largest share that so many hits leave open: Clopper and Pearson's upper bound.

    Args:
        hits: In 0..total. Counts need not be whole: a design effect divides them.
        total: More than 0.
        level: Of the bound, to one side; of 0.95 it is about 3/total where nothing was hit.
    """
    if hits == total:
        return 1.0
    return float(betaincinv(hits + 1, total - hits, level))


def share_interval(hits: float, total: float, confidence: float) -> Interval:
    """Return Clopper and Pearson's interval of a share; see `largest_share`."""
    level = (1.0 + confidence) / 2.0
    return 1.0 - largest_share(total - hits, total, level), largest_share(hits, total, level)


def share_design_effect(hits: npt.NDArray[np.bool_], group_of: npt.NDArray[np.int64]) -> float:
    """Return by how much groups of like images inflate the variance of a share, at least 1.

    Kish's design effect as in `design_effect`, of the distances from the share; where all images
    are alike, those of a group count as copies of one.

    Args:
        hits: `[images]`, at least one.
        group_of: `[images]` group numbers from 0.
    """
    sizes = np.bincount(group_of).astype(np.float64)
    apart = hits - hits.mean()
    over_images = float(np.square(apart).sum())
    if over_images == 0.0:
        return float(np.square(sizes).sum() / sizes.sum())
    over_groups = float(np.square(np.bincount(group_of, weights=apart)).sum())
    return max(1.0, over_groups / over_images)


def exact_mcnemar(worse: int, better: int) -> float:
    """Return the two-sided p of McNemar's exact test: images that changed did so by a fair coin.

    Args:
        worse: Right before, wrong after.
        better: Wrong before, right after.
    """
    from scipy.stats import binom  # slow to import

    return min(1.0, 2.0 * float(binom.cdf(min(worse, better), worse + better, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the same order.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979) 65-70: the smallest is multiplied by their number, the next by one less,
    and none comes out smaller than the one before.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)
    corrected = np.empty_like(values)
    factors = np.arange(len(values), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * factors))
    return [float(value) for value in corrected]


def design_effect(
    changes: npt.NDArray[np.int8], known: npt.NDArray[np.bool_], group_of: npt.NDArray[np.int64]
) -> float:
    """Return by how much groups of like images inflate the variance of a change, at least 1.

    Kish's design effect, as the ratio of the variance of totals over groups to that over images,
    pooled over all tags; without any change nothing can be estimated, and images of a group then
    count as copies of one: `Σ size² / Σ size`, the largest effect possible.

    Args:
        changes: `[images, tags]`: 1 where presence was lost, -1 where gained, 0 elsewhere.
        known: `[images, tags]`: cells that count.
        group_of: `[images]` group numbers from 0.
    """
    counted = np.where(known, changes, 0)
    over_images = float(np.square(counted, dtype=np.int64).sum())
    if over_images == 0.0:
        sizes = np.bincount(group_of).astype(np.float64)
        return float(np.square(sizes).sum() / sizes.sum())
    totals = np.zeros((int(group_of.max()) + 1, counted.shape[1]), dtype=np.int64)
    np.add.at(totals, group_of, counted)
    return max(1.0, float(np.square(totals).sum()) / over_images)
