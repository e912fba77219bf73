"""How many more images decide what is open, and how: one formula for the verdict and the plan."""

import math
from collections.abc import Iterable
from typing import Literal

from scipy.special import ndtri

from edgetag.dataset import Dataset
from edgetag.judging.checks import Check
from edgetag.validation.statistics import Interval

MOST_TIMES = 1000
"""More than so many times the images is no advice."""

POWER = 0.8
"""Chance that so many images do decide: half of the time new ones show less than the old."""


def images_to_decide(
    limit: float,
    measured: float,
    interval: Interval,
    size: int,
    tests: int,
    level: float,
    wanted: float = POWER,
) -> int | None:
    """Return how many more images decide with the chance wanted if the measured value is true.

    An interval narrows with the square root of the number of images, and new images scatter by as
    much around the true value. A fail must outdo Holm's correction too, at worst that of
    Bonferroni.

    Args:
        limit: The margin.
        measured: What is taken to be true.
        interval: Its interval now.
        size: Images behind it.
        tests: Checks that a fail is corrected for.
        level: Level of either end of the interval.
        wanted: The chance.

    Returns:
        None where the measured value is so near the limit that it would take a thousand times as
        many.
    """
    distance = abs(limit - measured)
    end, power = -float(ndtri(level)), float(ndtri(wanted))
    if measured < limit:
        width = (interval[1] - measured) * (end + power) / end
    else:
        least = -float(ndtri(level / max(1, tests)))
        width = (measured - interval[0]) * (least + power) / end
    if width**2 >= MOST_TIMES * distance**2:
        return None
    return max(1, math.ceil(size * (width / distance) ** 2) - size)


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
