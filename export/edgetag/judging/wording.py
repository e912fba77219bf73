"""Limits and what is held against them, in words: the same on a terminal, in files and on a page.

A number is written in its limit's unit, always with it, and its interval behind it.
"""

from collections.abc import Callable

from edgetag.judging.checks import Bounds, Check
from edgetag.recipe import LIMITS, Unit
from edgetag.tables.formats import (
    format_bytes,
    format_fraction,
    format_interval,
    format_ms,
    format_percent,
    format_points,
)

NOT_MEASURED = "not measured"

WRITTEN: dict[Unit, tuple[Callable[[float], str], str]] = {
    "points": (format_points, " points"),
    "percent": (lambda share: format_percent(share, 2).removesuffix(" %"), " %"),
    "fraction": (lambda value: format_fraction(value, 4), ""),
    "ms": (format_ms, " ms"),
    "logits": (format_fraction, ""),
    "ratio": (format_fraction, ""),
    "bytes": (lambda size: format_bytes(int(size)), ""),
    "instructions": (lambda count: f"{int(count):,}", ""),
}
"""Unit → how a number is written in it, and what stands behind."""


def write_value(unit: Unit, value: float | None, interval: Bounds | None = None) -> str:
    """Write a value in a unit, with its interval: `2.13 points [1.63, 2.63]`."""
    if value is None:
        return NOT_MEASURED
    write, behind = WRITTEN[unit]
    return f"{write(value)}{behind} {format_interval(interval, write)}".strip()


def write_limit(check: Check) -> str:
    """Write the limit of a check: `1.00 points`."""
    return write_value(LIMITS[check.budget].unit, check.limit)


def write_measured(check: Check) -> str:
    """Write what was measured against a limit, with its interval."""
    return write_value(LIMITS[check.budget].unit, check.measured, check.interval)
