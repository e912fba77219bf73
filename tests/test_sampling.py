"""Rows are spread over all there are, everywhere by one rule."""

import ast
from pathlib import Path

import numpy as np
import pytest

import edgetag
from edgetag.sampling import positions, spread

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


def test_the_rule_stands_in_one_module() -> None:
    """Where each chose by a rounding of its own, the same split gave other images."""
    spaced = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Attribute) and node.attr == "linspace"
    }
    assert spaced == {"sampling.py"}
