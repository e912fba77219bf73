"""Numbers and decisions in words. What does not exist is a dash, never a number."""

from edgetag.judging.checks import Bounds, Needs
from edgetag.recipe import LIMITS
from edgetag.reporting.tables import NONE, format_budget, format_bytes, format_ms

MARKS = {
    "pass": "✓",
    "fail": "✗",
    "undecided": "?",
    "loss": "!",
    "not scored": "·",
    "not judged": "·",
}
"""Beside the word, so that colour is not the only sign."""

OF = {
    "images": "images",
    "positives": "images that have the tag",
    "negatives": "images that do not have the tag",
}


def fraction(value: float | None) -> str:
    """Write a share with three digits: `0.803`."""
    return NONE if value is None else _minus(f"{value:.3f}")


def percent(value: float | None) -> str:
    """Write a share in percent: `0.4 %`."""
    return NONE if value is None else _minus(f"{100 * value:.1f} %")


def points(value: float | None) -> str:
    """Write a drop or rise in points: `−0.39`."""
    return NONE if value is None else _minus(f"{100 * value:.2f}")


def interval(bounds: Bounds | None) -> str:
    """Write both ends in points: `[−2.03, 1.33]`; nothing where there are none."""
    return f"[{points(bounds[0])}, {points(bounds[1])}]" if bounds else ""


def drop(value: float | None, bounds: Bounds | None) -> str:
    """Write points with their interval: `−0.39 [−2.03, 1.33]`."""
    return f"{points(value)} {interval(bounds)}".strip()


def chance(value: float | None) -> str:
    """Write a p-value: `0.031`, `< 0.001`."""
    if value is None:
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def size(value: int | None) -> str:
    """Write bytes in decimal units."""
    return NONE if value is None else format_bytes(value)


def milliseconds(value: float | None) -> str:
    """Write three significant digits: `1.14`."""
    return format_ms(value)


def count(value: int | None) -> str:
    """Write a whole number with narrow gaps: `1 354`."""
    return NONE if value is None else f"{value:,}".replace(",", "\u202f")


def limit(budget: str, value: float) -> str:
    """Write a limit in the unit of what it limits."""
    if LIMITS[budget].unit == "points":
        return f"{points(value)} points"
    return percent(value) if LIMITS[budget].unit == "percent" else format_budget(budget, value)


def measured(budget: str, value: float | None, bounds: Bounds | None = None) -> str:
    """Write what was measured, with its interval where it has one."""
    if value is None:
        return "not measured"
    if LIMITS[budget].unit == "points":
        return f"{points(value)} points {interval(bounds)}".strip()
    if bounds:
        return f"{limit(budget, value)} [{limit(budget, bounds[0])}, {limit(budget, bounds[1])}]"
    return limit(budget, value)


def plural(number: int, one: str, many: str | None = None) -> str:
    """Write a number of things: `1 image`, `2 images`."""
    return f"{count(number)} {one if number == 1 else many or f'{one}s'}"


def mean_ap(tags: int) -> str:
    """Name the mean average precision, and over how many tags it is."""
    return f"mAP over {plural(tags, 'tag')}"


def needs(measured: float | None, wanted: Needs | None) -> str:
    """Say what would decide an undecided check, in a sentence."""
    if wanted:
        return f"About {_more(wanted)} would decide it, as it looks {_HOW[wanted.decides]}."
    if measured is None:
        return "It could not be measured here."
    return "It would take over a thousand times as many images to decide it."


_HOW = {"pass": "by keeping it", "fail": "by breaking it"}


def _more(wanted: Needs) -> str:
    where = f" in {wanted.split}" if wanted.split else ""
    in_all = f" (about {count(wanted.in_all)} in all)" if wanted.in_all is not None else ""
    return f"{count(wanted.more)} more {OF[wanted.of]}{where}{in_all}"


def _minus(text: str) -> str:
    """Use the minus sign, and none before zero."""
    negative = text.startswith("-") and any(sign in "123456789" for sign in text)
    return f"−{text[1:]}" if negative else text.removeprefix("-")
