"""As many channels as a budget allows: networks between the narrowest and the whole are measured.

What a network costs rises with its multiplications almost along a line. So each measurement says
where to measure next, and a few are enough.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from edgetag.catalogue.variants import VARIANTS
from edgetag.compression.allocation import SHARES
from edgetag.compression.narrower import Fitted, Goal
from edgetag.compression.result import KeptLimit
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.judging.wording import write_value
from edgetag.narrowing.costs import Meter
from edgetag.progress import Progress
from edgetag.recipe import CHANNEL_LIMITS, Recipe
from edgetag.scratch import scratch_folder
from edgetag.workspace import Workspace, digest_json

TRIES = 5
"""Networks between the narrowest and the whole that are measured, at most."""

AIM, NEAR = 0.99, 0.97
"""Parts of a limit: where a network is sought, and from where on the search ends."""

IN_FILES = {"input_type", "output_type", "author", "license"}
"""Keys of `[export]` that move what a file costs, beside `explain`."""

_Costs = Mapping[str, float]
"""Limit → what a network comes to."""


@dataclass(frozen=True)
class Point:
    """What a network costs that keeps a share of the multiplications within blocks."""

    share: float
    costs: _Costs

    def filled(self, limits: Mapping[str, float]) -> float:
        """Return the largest part of any limit that is used up; above 1 one is broken."""
        return max(self.costs[key] / limit for key, limit in limits.items())


class Fitter:
    """Finds how wide narrower networks with a budget are; see `compression.narrower.Fit`."""

    def __init__(self, recipe: Recipe, workspace: Workspace, progress: Progress) -> None:
        self._recipe = recipe
        self._workspace = workspace
        self._progress = progress

    def making(self, network: str) -> str:
        """Return a digest of the code, of the limits, and of what files have beside weights."""
        section, export = self._recipe.compress.channels, self._recipe.export
        explain = [name for name in export.explain if VARIANTS[name].narrow == network]
        return digest_json(
            [
                dependencies_of(__name__).digest,
                section.runtime,
                section.budgets[network].given(),
                export.model_dump(include=IN_FILES) | {"explain": explain},
            ]
        )

    def __call__(self, network: str, goal: Goal) -> Fitted:
        """Return the widest network that keeps its budget.

        Raises:
            InputError: None does, or the whole network does.
        """
        recipe = self._recipe
        limits = recipe.compress.channels.budgets[network].given()
        variant = next(name for name in recipe.export.possible if VARIANTS[name].narrow == network)
        with scratch_folder() as folder:
            meter = Meter(recipe, self._workspace, variant, frozenset(limits), folder)

            @cache  # widths are multiples, so that shares beside each other often have the same
            def costs_of(widths: tuple[tuple[str, int], ...]) -> tuple[_Costs, _Costs]:
                costs, whole = meter.costs(dict(widths))
                self._progress.say(f"{network}: {_told(costs)}")
                return costs, whole

            def measure(share: float) -> tuple[Point, Point]:
                costs, whole = costs_of(tuple(goal(share).items()))
                return Point(share, costs), Point(1.0, whole)

            kept = widest(network, limits, measure)
        return Fitted(
            goal(kept.share),
            tuple(
                KeptLimit(limit=key, most=limit, value=kept.costs[key])
                for key, limit in limits.items()
            ),
        )


def widest(
    network: str, limits: Mapping[str, float], measure: Callable[[float], tuple[Point, Point]]
) -> Point:
    """Return the widest network measured that keeps all limits.

    Args:
        network: Its name.
        limits: Limit → the largest value.
        measure: From a share to what it costs, and to what the whole network does.

    Raises:
        InputError: The narrowest breaks one, or the whole keeps all.
    """
    narrow, wide = measure(SHARES[-1])
    if narrow.filled(limits) > 1:
        raise InputError(_cannot_be_kept(network, limits, narrow.costs))
    if wide.filled(limits) <= 1:
        raise InputError(
            f"compress.channels.budgets.{network}: the whole network keeps it "
            f"({_told(wide.costs)}), so there is nothing to leave out; lower a limit, or export "
            "int8 in its place"
        )
    for _ in range(TRIES):
        if narrow.filled(limits) >= NEAR:
            break
        share = min(_crossing(narrow, wide, key, AIM * limit) for key, limit in limits.items())
        tried, _ = measure(share)
        if tried.filled(limits) <= 1:
            narrow = tried
        else:
            wide = tried
    return narrow


def _crossing(narrow: Point, wide: Point, key: str, value: float) -> float:
    """Return the share at which the line through two points comes to a value, between them."""
    rise = wide.costs[key] - narrow.costs[key]
    part = (value - narrow.costs[key]) / rise if rise > 0 else 1.0
    return narrow.share + min(max(part, 0.05), 0.95) * (wide.share - narrow.share)


def _told(costs: _Costs) -> str:
    return ", ".join(
        f"{CHANNEL_LIMITS[key].words} {write_value(CHANNEL_LIMITS[key].unit, value)}"
        for key, value in costs.items()
    )


def _cannot_be_kept(network: str, limits: Mapping[str, float], narrowest: _Costs) -> str:
    broken = {key: narrowest[key] for key, limit in limits.items() if narrowest[key] > limit}
    nearest = ", ".join(f"{key} = {_rounded_up(value)}" for key, value in broken.items())
    return (
        f"compress.channels.budgets.{network} cannot be kept: the narrowest network comes to "
        f"{_told(broken)}; the nearest that can be is {nearest}. A smaller network.input_size or "
        "network makes more possible"
    )


def _rounded_up(value: float) -> str:
    """Write a limit that a value keeps, also when it is measured again."""
    whole = value / AIM
    return f"{math.ceil(whole):_}" if whole >= 1000 else f"{math.ceil(1000 * whole) / 1000:g}"
