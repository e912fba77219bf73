"""A number is written in its limit's unit, with the unit once and its interval behind it."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.judging.checks import Value, judge
from edgetag.judging.wording import WRITTEN, write_limit, write_measured, write_value
from edgetag.recipe import LIMITS
from edgetag.recipe.budgets import Unit


@pytest.mark.parametrize(
    ("budget", "limit", "value", "written"),
    [
        ("max_map_drop", 0.02, Value(0.0213, (-0.0163, 0.0263)), "2.13 points [−1.63, 2.63]"),
        ("max_flip_rate", 0.05, Value(0.0504), "5.04 %"),
        ("max_logit_rmse", 0.2, Value(0.2151, (0.2, 0.2304)), "0.215 [0.200, 0.230]"),
        ("min_map", 0.8, Value(0.7996), "0.7996"),
        ("max_latency_ms", 5, Value(4.904, (4.81, 5.02)), "4.90 ms [4.81, 5.02]"),
        ("max_latency_ratio", 0.6, Value(0.38, (0.35, 0.41)), "0.380 [0.350, 0.410]"),
        ("max_size_bytes", 4_000_000, Value(3_990_000), "3.99 MB"),
        ("max_arm_instructions", 5_000_000, Value(5_123_456), "5,123,456"),
        ("max_peak_memory_bytes", 1, Value(None), "not measured"),
    ],
)
def test_what_was_measured_is_written_in_the_unit_of_its_limit(
    budget: str, limit: float, value: Value, written: str
) -> None:
    assert write_measured(judge(budget, limit, value)) == written


def test_a_limit_is_written_as_what_is_held_against_it() -> None:
    for budget, limit in LIMITS.items():
        check = judge(budget, 0.25, Value(0.25))
        assert write_limit(check) == write_measured(check) == write_value(limit.unit, 0.25)
    assert write_limit(judge("max_map_drop", 0.02, Value(0.1))) == "2.00 points"


def test_every_unit_is_written() -> None:
    assert set(WRITTEN) == set(get_args(Unit))


@pytest.mark.parametrize("unit", get_args(Unit))
@given(st.floats(-1e-3, 1e-3), st.floats(-1e-5, 0))
def test_zero_has_no_minus(unit: Unit, value: float, low: float) -> None:
    if unit in ("bytes", "instructions", "ms"):
        value, low = abs(value), 0.0
    for word in write_value(unit, value, (low, 0.0)).replace(",", "").strip("]").split():
        number = word.strip("[]")
        assert "-" not in number
        assert not number.startswith("−") or float(number.replace("−", "-")) < 0
