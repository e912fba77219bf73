"""Percentiles of latencies with intervals, and whether they can be trusted."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import quantile_test

from edgetag.benchmarking.result import Bounds, Latency

CONFIDENCE = 0.95


def percentiles(latencies_ms: Sequence[float]) -> Latency:
    """Return p50, p90 and p99 with their intervals.

    Args:
        latencies_ms: One per run.
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
    """Return the exact interval of a quantile, None where there are too few runs for one.

    Args:
        latencies_ms: One per run.
        share: The quantile, in 0..1.
    """
    found = quantile_test(latencies_ms, p=share).confidence_interval(CONFIDENCE)
    low, high = float(found.low), float(found.high)
    return (low, high) if np.isfinite([low, high]).all() else None


def spread(latencies_ms: Sequence[float]) -> float:
    """Return `(p90 - p10) / p50`."""
    p10, p50, p90 = np.percentile(latencies_ms, [10, 50, 90]).tolist()
    return (p90 - p10) / p50 if p50 else 0.0
