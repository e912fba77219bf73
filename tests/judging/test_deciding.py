"""One function holds a value against a limit, whatever was measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.judging.checks import Value, judge
from edgetag.recipe import LIMITS

VALUES = st.floats(-1, 2)
WIDTHS = st.floats(0, 0.5)


@pytest.mark.parametrize("budget", [key for key, limit in LIMITS.items() if limit.kind != "floor"])
@given(limit=st.floats(0, 1), value=VALUES, below=WIDTHS, above=WIDTHS)
def test_an_interval_keeps_a_limit_from_inside_and_breaks_it_from_outside(
    budget: str, limit: float, value: float, below: float, above: float
) -> None:
    low, high = value - below, value + above
    wanted = "pass" if high <= limit else "fail" if low > limit else "undecided"
    assert judge(budget, limit, Value(value, (low, high))).verdict == wanted


@given(limit=st.floats(0, 1), value=VALUES, below=WIDTHS, above=WIDTHS)
def test_a_floor_is_kept_from_above(limit: float, value: float, below: float, above: float) -> None:
    low, high = value - below, value + above
    wanted = "pass" if low >= limit else "fail" if high < limit else "undecided"
    assert judge("min_map", limit, Value(value, (low, high))).verdict == wanted
    assert judge("min_map", limit, Value(value)).verdict == ("pass" if value >= limit else "fail")


def test_an_exact_value_on_its_limit_keeps_it_and_a_margin_is_not_decided_without_an_interval() -> (
    None
):
    for budget, limit in LIMITS.items():
        wanted = "undecided" if limit.kind == "margin" else "pass"
        assert judge(budget, 0.5, Value(0.5)).verdict == wanted, budget


@pytest.mark.parametrize("budget", LIMITS)
def test_what_was_not_measured_or_is_in_doubt_decides_nothing_and_says_why(budget: str) -> None:
    for value in (Value(None, doubt="no clock"), Value(0.1, (0.1, 0.1), doubt="no clock")):
        assert judge(budget, 0.5, value).verdict == "undecided"
        assert value.reason == "no clock"


@pytest.mark.parametrize("budget", LIMITS)
def test_a_file_that_does_not_run_keeps_no_limit(budget: str) -> None:
    crashed = Value(None, doubt="not measured", failure="crashed")
    assert judge(budget, 0.5, crashed).verdict == "fail"
    assert crashed.reason == "crashed"
    assert judge(budget, 0.5, Value(None, failure="")).verdict == "fail"


def test_a_fail_needs_a_chance_below_the_level_where_one_is_known() -> None:
    def verdict(p_fail: float | None) -> str:
        return judge("max_recall_drop", 0.1, Value(0.5, (0.4, 0.6), p_fail), 0.025).verdict

    assert [verdict(p) for p in (None, 0.025, 0.03)] == ["fail", "fail", "undecided"]


def test_without_a_level_no_chance_but_0_is_small_enough_to_fail() -> None:
    def verdict(p_fail: float) -> str:
        return judge("max_recall_drop", 0.1, Value(0.5, (0.4, 0.6), p_fail)).verdict

    assert (verdict(0.0), verdict(1e-9)) == ("fail", "undecided")


def test_a_check_is_written_as_it_always_was() -> None:
    check = judge("max_map_drop", 0.01, Value(0.002, (0.001, 0.003)))
    assert check.model_dump_json() == (
        '{"budget":"max_map_drop","limit":0.01,"measured":0.002,"interval":[0.001,0.003],'
        '"p_fail":null,"verdict":"pass","needs":null}'
    )
