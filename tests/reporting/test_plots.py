"""Plots that stand in a page: any name, no clash, the right points marked."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.reporting.plots import drawing
from edgetag.reporting.plots.curves import BOTTOM_PX, LEFT_PX, SIDE_PX, SIZE_PX, tag_curves
from edgetag.reporting.plots.forest import ForestRow, forest
from edgetag.reporting.plots.tradeoff import Candidate, pareto_front, tradeoff
from edgetag.validation.details import CalibrationBin, Curve, TagCurves
from tests.reporting.page_factory import SCRIPT
from tests.support.parsed_page import Page
from tests.support.programs import captured

costs = st.integers(0, 6).map(float)


@pytest.mark.slow
def test_whoever_has_no_home_hears_nothing_of_it_from_matplotlib(tmp_path: Path) -> None:
    script = (
        "from edgetag.reporting.plots.drawing import draw_file\n"
        "draw_file(lambda figure: None, width_in=1, height_in=1)"
    )
    unset = dict.fromkeys(("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), "")
    homeless = unset | {"HOME": os.devnull, "TMPDIR": str(tmp_path)}
    done = captured([sys.executable, "-c", script], env=os.environ | homeless)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(tmp_path.iterdir())


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


shares = st.floats(0, 1)


@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=30))
def test_a_curve_goes_where_matplotlib_draws_its_steps(points: list[tuple[float, float]]) -> None:
    from matplotlib.cbook import pts_to_prestep

    recall = tuple(sorted(point[0] for point in points))
    curve = Curve(precision=tuple(point[1] for point in points), recall=recall)
    bins = (CalibrationBin(images=3, mean_score=0.5, positive_share=1),)
    both = TagCurves(
        tag="a", before=curve, after=curve, calibration_before=bins, calibration_after=()
    )
    page = Page(str(tag_curves(both, label="a")))
    assert len(page.all("circle")) == 1
    across, up = pts_to_prestep(recall, curve.precision)
    floor = SIZE_PX["height_px"] - BOTTOM_PX
    wanted = [
        (LEFT_PX + SIDE_PX * (x + 0.02) / 1.04, floor - SIDE_PX * (y + 0.02) / 1.04)
        for x, y in zip(across, up, strict=True)
    ]
    for path in page.all("path"):
        drawn = _places(path.attributes["d"] or "")
        for place in wanted:
            assert np.hypot(*(np.array(drawn) - place).T).min() < 0.01
        assert np.hypot(*np.subtract(drawn[-1], wanted[-1])) < 0.01


def _places(path: str) -> list[tuple[float, float]]:
    """Return the corners of a path of `M`, `V` and `H`."""
    x = y = 0.0
    places = []
    for letter, values in re.findall(r"([MVH])([^MVH]+)", path):
        numbers = [float(value) for value in values.split()]
        if letter == "M":
            x, y = numbers
        elif letter == "V":
            (y,) = numbers
        else:
            (x,) = numbers
        places.append((x, y))
    return places
