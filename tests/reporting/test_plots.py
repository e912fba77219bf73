"""Plots that stand in a page: any name, no clash, the right points marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.reporting.plots import drawing
from edgetag.reporting.plots.forest import ForestRow, forest
from edgetag.reporting.plots.tradeoff import Candidate, pareto_front, tradeoff
from tests.reporting.page_factory import SCRIPT
from tests.support.parsed_page import Page

costs = st.integers(0, 6).map(float)


@given(st.lists(st.tuples(costs, costs), min_size=1, max_size=12))
def test_the_pareto_front_is_what_no_other_candidate_beats(
    pairs: list[tuple[float, float]],
) -> None:
    candidates = [Candidate(str(n), cost, worth, None) for n, (cost, worth) in enumerate(pairs)]
    front = pareto_front(candidates)

    def beats(one: Candidate, other: Candidate) -> bool:
        no_worse = one.cost <= other.cost and one.accuracy >= other.accuracy
        return no_worse and (one.cost < other.cost or one.accuracy > other.accuracy)

    assert front
    for one in candidates:
        assert (one in front) is not any(beats(other, one) for other in candidates)
    assert [one.cost for one in front] == sorted(one.cost for one in front)


NAMES = {
    "mathematics": "$x",
    "bad mathematics": "$\\frac{",
    "no glyph": "眼鏡",
    "control": "a\x00b\x1b[31m",
    "direction": "\u202egnp.exe",
    "script": SCRIPT,
    "long": "x" * 300,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_can_be_drawn(name: str) -> None:
    row = ForestRow(name, 1.0, (0.5, 2.0), 1.5, "undecided")
    bars = forest([row], axis="points", name="one", label=name)
    costs = tradeoff(
        [Candidate(name, 1.0, 0.8, None)], 0.8, axis="MB", measure="mAP", name="two", label=name
    )
    for svg in (bars, costs):
        texts = [one.text for one in Page(str(svg)).all("text")]
        shown = drawing.legible(name, 17)[:16]
        assert any(text.startswith(shown[:16].strip()) for text in texts)
        assert len(svg) < 20_000
    assert all(sign.isprintable() for sign in "".join(texts))
