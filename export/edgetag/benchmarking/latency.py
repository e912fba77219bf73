"""Percentiles of latencies with intervals, and whether they can be trusted."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgetag.benchmarking.result import Latency, Ratio
from edgetag.judging.checks import Bounds

CONFIDENCE = 0.95


def percentiles(latencies_ms: Sequence[float]) -> Latency:
    """Return p50, p90 and p99 with their intervals.

    Args:
        latencies_ms: One per run, in the order they were taken.
    """
    p50, p90, p99 = np.percentile(latencies_ms, [50, 90, 99]).tolist()
    return Latency(
        p50=p50,
        p90=p90,
        p99=p99,
        p50_interval=interval(latencies_ms, 0.50),
        p90_interval=interval(latencies_ms, 0.90),
        p99_interval=interval(latencies_ms, 0.99),
    )


def interval(latencies_ms: Sequence[float], share: float) -> Bounds | None:
    """Return the interval of a quantile, None where there are too few runs for one.

    Of independent runs it is the exact one: how many of them lie below the quantile follows the
    binomial distribution, which says between which two of the sorted runs it lies. A slow moment
    makes neighbouring runs alike, so that they tell less: the ranks are then those of as many runs
    as would tell the same if they were independent.

    Args:
        latencies_ms: One per run, in the order they were taken.
        share: The quantile, in 0..1.
    """
    runs = np.asarray(latencies_ms, dtype=np.float64)
    below = (runs <= np.quantile(runs, share)).astype(np.float64)
    independent = max(1, int(len(runs) / repetition(below)))
    ranks = interval_ranks(len(runs), independent, share)
    if ranks is None:
        return None
    ordered = np.sort(runs)
    return float(ordered[ranks[0] - 1]), float(ordered[ranks[1] - 1])


def interval_ranks(count: int, independent: int, share: float) -> tuple[int, int] | None:
    """Return between which two of the sorted runs a quantile lies.

    Of the `count` runs so many would tell the same if they were `independent`; `share` is the
    quantile, 0..1.

    Returns:
        Two ranks in 1..count, None where there are too few runs.
    """
    from scipy.stats import binom  # slow to import

    tail = (1.0 - CONFIDENCE) / 2
    low = int(binom.ppf(tail, independent, share))
    high = int(binom.ppf(1.0 - tail, independent, share)) + 1
    if low < 1 or high > independent:
        return None
    # In whole numbers: a product of fractions can come out above `count`.
    return low * count // independent, -(-high * count // independent)


def ratio(latencies_ms: Sequence[float], base_ms: Sequence[float]) -> Ratio | None:
    """Return the median ratio of times that were taken in the same rounds.

    Args:
        latencies_ms: One per round, in order.
        base_ms: What they are divided by, in the same order.

    Returns:
        None where the two were not timed in the same rounds.
    """
    if len(latencies_ms) != len(base_ms):
        return None
    shares: list[float] = (np.asarray(latencies_ms) / np.asarray(base_ms)).tolist()
    return Ratio(p50=float(np.median(shares)), interval=interval(shares, 0.50))


def repetition(values: npt.NDArray[np.float64]) -> float:
    """Return how many neighbouring values tell as much as one: 1 where they are independent.

    It is `1 + 2 * (r1 + r2 + …)` of the autocorrelations, up to where a pair of them is no longer
    positive (Geyer, Practical Markov chain Monte Carlo, Statistical Science 1992).

    Args:
        values: `[n]`, in the order they came.
    """
    centred = values - values.mean()
    count = len(centred)
    spectrum = np.fft.rfft(centred, 2 * count)
    products = np.fft.irfft(spectrum * spectrum.conj(), 2 * count)[:count]
    if not products[0] > 0:
        return 1.0  # all alike: nothing is known of the order
    correlations = products / products[0]
    pairs = correlations[: count // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    kept = pairs[: ends[0]] if len(ends) else pairs
    return max(1.0, float(2.0 * kept.sum() - 1.0))


def spread(latencies_ms: Sequence[float]) -> float:
    """Return `(p90 - p10) / p50`."""
    p10, p50, p90 = np.percentile(latencies_ms, [10, 50, 90]).tolist()
    return (p90 - p10) / p50 if p50 else 0.0
