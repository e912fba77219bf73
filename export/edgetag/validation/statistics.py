"""The paired bootstrap: how far a difference could be chance, over images or groups of them.

Every sample draws as many groups as there are, with replacement; an image then weighs as often as
its group was drawn. Weights are the same for the reference and every variant, which makes the
comparison paired. Weighted average precision is computed for a block of samples at once, and
equals scikit-learn's with `sample_weight` (a test holds it to that).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtr

from edgetag.labels import Labels
from edgetag.metrics import Scores

Weights = npt.NDArray[np.float32]
"""Weights `[images, samples]`; whole numbers, exact in float32 up to 16 million."""

Interval = tuple[float, float]

BLOCK_CELLS = 1 << 22
"""Weights in memory at once: 16 MB."""


@dataclass(frozen=True)
class Bootstrap:
    """Draws of groups, the same ones each time it is asked.

    Attributes:
        group_of: `[images]` group numbers from 0, every number used.
        samples: Number of draws.
        seed: Seed of the draws.
    """

    group_of: npt.NDArray[np.int64]
    samples: int
    seed: int

    @classmethod
    def over(cls, groups: Sequence[str], samples: int, seed: int) -> "Bootstrap":
        """Draw over named groups; images of one name are drawn together."""
        group_of = pl.Series(groups, dtype=pl.String).rank("dense").to_numpy().astype(np.int64) - 1
        return cls(group_of, samples, seed)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self.group_of.max()) + 1

    def blocks(self) -> Iterator[Weights]:
        """Yield weights `[images, block]` until `samples` columns are given."""
        generator = np.random.default_rng(self.seed)
        groups = self.groups
        block = max(1, BLOCK_CELLS // len(self.group_of))
        for start in range(0, self.samples, block):
            count = min(block, self.samples - start)
            drawn = generator.integers(0, groups, size=(count, groups))
            drawn += np.arange(count)[:, None] * groups
            times = np.bincount(drawn.ravel(), minlength=count * groups).reshape(count, groups)
            yield times.T.astype(np.float32)[self.group_of]


def weighted_average_precision(
    scores: npt.NDArray[np.floating[Any]], truth: npt.NDArray[np.bool_], weights: Weights
) -> npt.NDArray[np.float64]:
    """Return the average precision under each column of weights, NaN where no positive weighs.

    `AP = Σ (recall_k - recall_{k-1}) · precision_k` over distinct scores in falling order
    (scikit-learn's definition). Only scores that a positive has move the recall, so weights are
    summed in as many segments as there are such scores.

    Args:
        scores: `[images]`.
        truth: `[images]`, at least one true.
        weights: `[images, samples]`, none negative.

    Returns:
        `[samples]` in 0..1 or NaN.
    """
    order = np.argsort(-scores, kind="stable")
    positives = np.flatnonzero(truth[order])
    falling = scores[order]
    # For each positive, the last image of the same score: ties count together.
    last = np.searchsorted(-falling, -falling[positives], side="right") - 1
    ends, first_positive = np.unique(last, return_index=True)
    starts = np.concatenate([[0], ends[:-1] + 1])
    in_order = weights[order[: ends[-1] + 1]]
    predicted = np.cumsum(np.add.reduceat(in_order, starts, axis=0), axis=0)
    gained = np.add.reduceat(in_order[positives], first_positive, axis=0)
    hits = np.cumsum(gained, axis=0)
    total = hits[-1].astype(np.float64)
    area = (gained * _ratio(hits, predicted)).sum(axis=0)
    return np.divide(area, total, out=np.full(total.shape, np.nan), where=total > 0)


def average_precision_samples(
    scores: Scores, labels: Labels, tags: Sequence[int], bootstrap: Bootstrap
) -> npt.NDArray[np.float64]:
    """Return the average precision of some tags in every sample.

    Args:
        scores: `[images, all tags]`.
        labels: `[images, all tags]`; unknown cells are left out.
        tags: Columns to compute, each with a known positive.
        bootstrap: Gives the weights.

    Returns:
        `[samples, len(tags)]`, NaN where a sample drew no positive of a tag.
    """
    parts = []
    for weights in bootstrap.blocks():
        part = np.empty((weights.shape[1], len(tags)))
        for column, tag in enumerate(tags):
            known = np.flatnonzero(labels[:, tag] >= 0)
            chosen = weights if len(known) == len(labels) else weights[known]
            part[:, column] = weighted_average_precision(
                scores[known, tag], labels[known, tag] == 1, chosen
            )
        parts.append(part)
    return np.concatenate(parts)


def f1_samples(
    decisions: npt.NDArray[np.bool_], labels: Labels, tags: Sequence[int], bootstrap: Bootstrap
) -> npt.NDArray[np.float64]:
    """Return F1 of some tags in every sample.

    Args:
        decisions: `[images, all tags]`, true where the score reaches the threshold.
        labels: `[images, all tags]`; unknown cells are left out.
        tags: Columns to compute.
        bootstrap: Gives the weights.

    Returns:
        `[samples, len(tags)]`; 0 where there is neither a positive nor a decision for one.
    """
    chosen = list(tags)
    known = labels[:, chosen] >= 0
    truth = labels[:, chosen] == 1
    decided = decisions[:, chosen] & known
    hits = (decided & truth).astype(np.float32)
    either = decided.astype(np.float32) + truth.astype(np.float32)  # 2 TP + FP + FN
    parts = []
    for weights in bootstrap.blocks():
        parts.append(_ratio(2.0 * (weights.T @ hits), weights.T @ either))
    return np.concatenate(parts)


def share_samples(
    decisions: npt.NDArray[np.bool_],
    among: npt.NDArray[np.bool_],
    tags: Sequence[int],
    bootstrap: Bootstrap,
) -> npt.NDArray[np.float64]:
    """Return the share of some images that are decided present, of some tags in every sample.

    Args:
        decisions: `[images, all tags]`.
        among: `[images, all tags]`, true for the images that the share is of.
        tags: Columns to compute.
        bootstrap: Gives the weights.

    Returns:
        `[samples, len(tags)]`; 0 where a sample drew none of the images.
    """
    chosen = list(tags)
    of = among[:, chosen].astype(np.float32)
    hits = (decisions & among)[:, chosen].astype(np.float32)
    parts = [_ratio(weights.T @ hits, weights.T @ of) for weights in bootstrap.blocks()]
    return np.concatenate(parts)


def ratio_samples(
    above: npt.NDArray[np.float64], below: npt.NDArray[np.float64], bootstrap: Bootstrap
) -> npt.NDArray[np.float64]:
    """Return `[samples]` of the sum of one number of every image over the sum of another.

    Args:
        above: `[images]`.
        below: `[images]`, none negative.
        bootstrap: Gives the weights.

    Returns:
        NaN where a sample drew nothing of `below`.
    """
    parts = []
    for weights in bootstrap.blocks():
        total = weights.T @ below
        nothing = np.full(total.shape, np.nan)
        parts.append(np.divide(weights.T @ above, total, out=nothing, where=total > 0))
    return np.concatenate(parts)


def _ratio(
    above: npt.NDArray[np.floating[Any]], below: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.float64]:
    """Divide in float64, giving 0 where both are 0."""
    out = np.zeros(above.shape, dtype=np.float64)
    return np.divide(above, below, out=out, where=below > 0, dtype=np.float64)


def mean_over_tags(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return `[samples]`: the mean over the tags of which a sample drew a positive, else NaN.

    Args:
        samples: `[samples, tags]`, NaN where a sample drew no positive of a tag.
    """
    drawn = ~np.isnan(samples)
    counts = drawn.sum(axis=1)
    sums = np.where(drawn, samples, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def chance_at_most(samples: npt.NDArray[np.float64], limit: float) -> float:
    """Return how likely a bootstrapped value is at most a limit, as a p-value.

    The share of draws at most there, but no less than the tail of a normal distribution of their
    mean and spread. Draws alone could not tell 1 in 1,000 from 1 in a million, and after Holm's
    correction over a few dozen checks nothing could ever be called lost.

    Args:
        samples: `[samples]`; NaN ones, which drew no positive, are left out.
        limit: To stay above.

    Returns:
        1 where there is nothing to vary.
    """
    drawn = samples[~np.isnan(samples)]
    if len(drawn) < 2:
        return 1.0
    share = float((drawn <= limit).mean())
    spread = float(drawn.std())
    if spread == 0.0:
        return share
    return max(share, float(ndtr((limit - float(drawn.mean())) / spread)))


def interval(samples: npt.NDArray[np.float64], confidence: float) -> Interval | None:
    """Return the percentile interval of bootstrap samples, None where there is nothing to vary.

    Args:
        samples: `[samples]`; NaN ones, which drew no positive, are left out.
        confidence: Such as 0.95.
    """
    drawn = samples[~np.isnan(samples)]
    if len(drawn) < 2:
        return None
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
