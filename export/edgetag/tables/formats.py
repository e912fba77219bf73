"""How numbers are written, in every table and on every page alike. What does not exist is a dash.

A minus is a minus sign, and zero has none.
"""

from collections.abc import Callable

NONE = "–"
NOT_SCORED = "not scored"

Bounds = tuple[float, float]
"""Lower and upper end of an interval."""


def with_minus(text: str) -> str:
    """Return a written number with the minus sign, and none before zero."""
    negative = text.startswith("-") and any(sign in "123456789" for sign in text)
    return f"−{text[1:]}" if negative else text.removeprefix("-")


def format_count(number: int | None) -> str:
    """Write a whole number in running text with narrow gaps: `1 354`."""
    return NONE if number is None else f"{number:,}".replace(",", "\u202f")


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number of things: `1 image`, `2 images`."""
    return f"{format_count(number)} {singular if number == 1 else plural or f'{singular}s'}"


def format_bytes(size_bytes: int | None) -> str:
    """Write a size in decimal units: `3.98 MB`, `30.4 kB`."""
    if size_bytes is None:
        return NONE
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"


def format_gigabytes(size_bytes: int | None) -> str:
    """Write a memory or a disk: `8.3 GB`, `unknown`."""
    return "unknown" if size_bytes is None else f"{size_bytes / 1e9:.1f} GB"


def format_ms(milliseconds: float | None) -> str:
    """Write milliseconds with three significant digits."""
    if milliseconds is None:
        return NONE
    digits = 3 if milliseconds < 1 else 2 if milliseconds < 10 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f}"


def format_fraction(value: float | None, digits: int = 3) -> str:
    """Write a share, a score or a ratio: `0.803`."""
    return NONE if value is None else with_minus(f"{value:.{digits}f}")


def format_mean(value: float | None) -> str:
    """Write a mean over the scored tags, which does not exist where no tag is scored."""
    return NOT_SCORED if value is None else format_fraction(value)


def format_percent(value: float | None, digits: int = 1) -> str:
    """Write a share: `4.2 %`."""
    return NONE if value is None else with_minus(f"{100 * value:.{digits}f} %")


def format_points(change: float | None, interval: Bounds | None = None) -> str:
    """Write a drop or a rise in points, 0.01 of the measure, with its interval."""
    if change is None:
        return NONE
    return f"{with_minus(f'{100 * change:.2f}')} {format_interval(interval)}".strip()


def format_interval(bounds: Bounds | None, write: "Callable[[float], str]" = format_points) -> str:
    """Write both ends: `[−2.03, 1.33]`, in points unless told otherwise; nothing without them."""
    return f"[{write(bounds[0])}, {write(bounds[1])}]" if bounds else ""


def format_millions(number: int | None) -> str:
    """Write millions: `12.34`."""
    return NONE if number is None else f"{number / 1e6:.2f}"


def format_chance(value: float | None) -> str:
    """Write a p-value: `0.031`, `< 0.001`."""
    if value is None:
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
