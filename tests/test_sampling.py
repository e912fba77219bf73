"""Rows are spread over all there are, everywhere by one rule."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import edgetag
from edgetag.labels import UNKNOWN, Labels
from edgetag.sampling import positions, rare_tags_first, spread

PACKAGE = Path(edgetag.__file__).parent


def test_rows_reach_from_the_first_to_the_last() -> None:
    rows = np.arange(100, 200)
    assert spread(rows, 4).tolist() == [100, 133, 166, 199]
    assert spread(rows, 500).tolist() == rows.tolist()
    assert spread(rows, 1).tolist() == [100]
    assert spread(rows[:0], 4).tolist() == []


@pytest.mark.parametrize("total", [1, 7, 256, 1000, 4096])
@pytest.mark.parametrize("count", [1, 2, 64, 256, 1000])
def test_distances_differ_by_one_at_most_and_no_row_comes_twice(total: int, count: int) -> None:
    chosen = positions(total, count)
    assert len(chosen) == min(total, count)
    assert (chosen[0], chosen[-1]) == (0, total - 1 if count > 1 else 0)
    distances = np.diff(chosen)
    assert (distances > 0).all()
    assert len(distances) == 0 or np.ptp(distances) <= 1


@pytest.mark.slow
def test_the_rule_stands_in_one_module() -> None:
    """Where each chose by a rounding of its own, the same split gave other images."""
    spaced = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Attribute) and node.attr == "linspace"
    }
    assert spaced == {"sampling.py"}


@pytest.mark.slow
@given(
    truth=arrays.arrays(
        np.int8,
        st.tuples(st.integers(1, 60), st.integers(1, 5)),
        elements=st.sampled_from([1, 0, 0, 0, UNKNOWN]),
    ),
    count=st.integers(1, 70),
    least=st.integers(1, 8),
    seed=st.integers(0, 3),
)
def test_the_choice_is_as_large_as_asked_and_the_same_every_time(
    truth: Labels, count: int, least: int, seed: int
) -> None:
    chosen = rare_tags_first(truth, count, least, seed)
    assert len(chosen) == min(count, len(truth))
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, rare_tags_first(truth, count, least, seed))
    if count >= least * truth.shape[1]:
        enough = (truth == 1).sum(axis=0) >= least
        assert ((truth[chosen] == 1).sum(axis=0)[enough] >= least).all()


def test_another_seed_chooses_others() -> None:
    truth = np.zeros((500, 1), dtype=np.int8)
    assert set(rare_tags_first(truth, 50, 5, 1)) != set(rare_tags_first(truth, 50, 5, 2))
