"""Figures of several rounds put together.

All files are measured in turn, round after round, so that heat hits all alike. What single rounds
gave is kept; here is what they come to.
"""

import math
import statistics
from collections.abc import Sequence

from edgetag.phones.figures import AppPercentiles, PhoneLatency

SPREAD = 0.1
"""Averages of rounds that differ by more of their mean are not of a phone in one state."""


def together(rounds: Sequence[PhoneLatency]) -> PhoneLatency:
    """Put rounds together: mean and deviation exactly, percentiles by their median.

    The single times are not known, so the percentiles of all cannot be: the median of the rounds'
    own is given, and only where every round has it.

    Args:
        rounds: At least one.
    """
    runs = sum(figures.runs for figures in rounds)
    average = math.fsum(figures.runs * figures.avg for figures in rounds) / runs
    # A round's variance is about its own mean; what its mean is off is added.
    variance = math.fsum(
        figures.runs * ((figures.std or 0.0) ** 2 + (figures.avg - average) ** 2)
        for figures in rounds
    )
    return PhoneLatency(
        runs=runs,
        avg=average,
        std=None if runs == 1 else math.sqrt(variance / runs),
        min=min(figures.min for figures in rounds),
        max=max(figures.max for figures in rounds),
        p5=_median([figures.p5 for figures in rounds]),
        p50=_median([figures.p50 for figures in rounds]),
        p95=_median([figures.p95 for figures in rounds]),
    )


def percentiles_together(rounds: Sequence[AppPercentiles]) -> AppPercentiles:
    """Put rounds of the app together: the runs add up, percentiles are the rounds' medians."""
    return AppPercentiles(
        runs=sum(figures.runs for figures in rounds),
        p50=statistics.median(figures.p50 for figures in rounds),
        p90=statistics.median(figures.p90 for figures in rounds),
        p99=statistics.median(figures.p99 for figures in rounds),
    )


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if len(known) == len(values) else None


def notes_on_rounds(times: Sequence[float], wanted: int) -> tuple[str, ...]:
    """Say in words what speaks against figures of these rounds.

    Args:
        times: One of each round that ended well, at least one.
        wanted: So many rounds were asked for.
    """
    notes = []
    if len(times) < wanted:
        notes.append(f"only {len(times)} of {wanted} rounds ended well")
    spread = (max(times) - min(times)) / statistics.fmean(times)
    if spread > SPREAD:
        notes.append(f"unstable: its rounds differ by {spread:.0%}")
    return tuple(notes)
