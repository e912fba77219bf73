"""How long a figure is measured, and how long a warm-up lasts: the same for every engine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edgetag.recipe import BenchmarkSection

FULL_RUNS, FULL_SECONDS = 1024, 60.0
"""Per figure in full mode, as MLPerf Mobile asks for (mlcommons/mobile_open, rules)."""

SETTLED = 0.03
"""A median that moves less from one window to the next has settled."""

MOST_WINDOWS = 10
"""The warm-up ends after so many windows, settled or not."""


@dataclass(frozen=True)
class Effort:
    """What is measured of each figure, at least.

    `min_s` are the seconds that `runs` timed inferences take together.
    """

    mode: Literal["quick", "full"]
    runs: int
    min_s: float


def effort(section: "BenchmarkSection", full: bool) -> Effort:
    """Return what the recipe asks for, or more in full mode."""
    if full:
        return Effort("full", max(section.runs, FULL_RUNS), FULL_SECONDS)
    return Effort("quick", section.runs, 0.0)
