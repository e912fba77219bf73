"""Results of a run as the stages before the report leave them."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
from markupsafe import Markup

from edgetag.reporting.page import curves, tags, variants
from edgetag.reporting.plots.curves import frame
from edgetag.reporting.plots.forest import forest
from edgetag.reporting.plots.tradeoff import tradeoff
from edgetag.reporting.sources import Sources
from tests.support.made_results import make_sources

DRAWN: dict[tuple[object, ...], Markup] = {}
"""Plots of this session, by what they show."""

framed_once = cache(frame)


@pytest.fixture
def sources() -> Sources:
    return make_sources()


@pytest.fixture
def fresh_plots() -> None:
    """Forget what was drawn."""
    DRAWN.clear()
    framed_once.cache_clear()


def drawn_once(draw: Callable[..., Markup]) -> Callable[..., Markup]:
    """Return what draws a plot when it is first asked for one of these figures."""

    def plot(rows: Sequence[Any], *others: object, **words: str) -> Markup:
        key = (draw.__name__, *rows, *others, *sorted(words.items()))
        if key not in DRAWN:
            DRAWN[key] = draw(rows, *others, **words)
        return DRAWN[key]

    return plot


@pytest.fixture(autouse=True)
def _equal_plots_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is most of a report's time, and most tests here look at the same figures."""
    monkeypatch.setattr(curves, "frame", framed_once)
    monkeypatch.setattr(tags, "forest", drawn_once(forest))
    monkeypatch.setattr(variants, "tradeoff", drawn_once(tradeoff))
