"""How many more images decide what is open, and how: one formula for the verdict and the plan."""

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

from scipy.special import ndtri

from edgetag.dataset import Dataset
from edgetag.judging.checks import Check
from edgetag.validation.proportions import score_variance
from edgetag.validation.statistics import Interval

MOST_TIMES = 1000
"""More than so many times the images is no advice."""

POWER = 0.8
"""Chance that so many images do decide: half of the time new ones show less than the old."""


class Flips(NamedTuple):
    """Decisions behind a difference of recall or of false positives.

    Attributes:
        number: How many flipped, to the worse or to the better.
        effect: How many images of a group tell as much as one alone.
    """

    number: int
    effect: float


def images_to_decide(
    limit: float,
    measured: float,
    interval: Interval,
    size: int,
    tests: int,
    level: float,
    wanted: float = POWER,
    flips: Flips | None = None,
) -> int | None:
    """Return how many more images decide with the chance wanted if the measured value is true.

    An interval narrows with the square root of the number of images, and new images scatter by as
    much around the true value. Tango's interval of few flips narrows faster: with `flips` both
    errors are those of that test. A fail must outdo Holm's correction too, at worst that of
    Bonferroni.

    Args:
        limit: The margin.
        measured: What is taken to be true.
        interval: Its interval now.
        size: Images behind it.
        tests: Checks that a fail is corrected for.
        level: Level of either end of the interval.
        wanted: The chance.
        flips: Of a paired difference of proportions.

    Returns:
        None where the measured value is so near the limit that it would take a thousand times as
        many.
    """
    distance = abs(limit - measured)
    end, power = -float(ndtri(level)), float(ndtri(wanted))
    if measured < limit:
        least, half = end, interval[1] - measured
    else:
        least, half = -float(ndtri(level / max(1, tests))), measured - interval[0]
    if_at_limit, if_measured = half / end, half / end
    if flips is not None:
        if_at_limit, if_measured = _paired_errors(limit, measured, size, flips)
    width = least * if_at_limit + power * if_measured
    if width**2 >= MOST_TIMES * distance**2:
        return None
    return max(1, math.ceil(size * (width / distance) ** 2) - size)


def _paired_errors(limit: float, measured: float, size: int, flips: Flips) -> tuple[float, float]:
    """Return the standard errors of a paired difference, if it is the limit, and as measured."""
    # One more flip than seen, to either side alike: none seen is not never.
    share = (flips.number + 1) / (size + 1)
    worse, better = (share + measured) / 2, (share - measured) / 2
    variances = score_variance(worse, better, 1.0, limit), share - measured**2
    at_limit, as_measured = (math.sqrt(flips.effect * each / size) for each in variances)
    return at_limit, as_measured


def outcome_of(limit: float, measured: float) -> Literal["pass", "fail"]:
    """Return how more images decide if the measured value is true."""
    return "pass" if measured <= limit else "fail"


def split_share(dataset: Dataset, split: str) -> float | None:
    """Return which share of all images a split has; None where only judged images are at hand."""
    if "train" not in dataset.splits():
        return None
    return len(dataset.rows(split)) / sum(len(dataset.rows(name)) for name in dataset.splits())


def in_all(number: int, share: float | None) -> int | None:
    """Return how many images of all splits make so many of one, to two digits."""
    return None if share is None else int(float(f"{number / share:.2g}"))


def placed(checks: Iterable[Check], split: str, share: float | None) -> tuple[Check, ...]:
    """Say of every open check in which split images are wanting, and how many that is in all."""
    return tuple(
        check
        if check.needs is None
        else check.replace(
            needs=check.needs.replace(split=split, in_all=in_all(check.needs.more, share))
        )
        for check in checks
    )
