"""Numbers are written in one way, and zero has no minus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.tables import NONE, NOT_SCORED, with_interval
from edgetag.tables.formats import (
    format_bytes,
    format_chance,
    format_count,
    format_fraction,
    format_interval,
    format_mean,
    format_ms,
    format_percent,
    format_points,
)

SIGNED = (format_fraction, format_percent, format_points)


@pytest.mark.parametrize("write", SIGNED)
@given(value=st.floats(-1, 1))
def test_zero_has_no_minus_and_a_minus_is_one(write: type, value: float) -> None:
    text = write(value)
    assert "-" not in text
    assert text.startswith("−") == (value < 0 and any(sign in "123456789" for sign in text))


@given(low=st.floats(-1, 1), high=st.floats(-1, 1))
def test_the_ends_of_an_interval_are_written_as_numbers_are(low: float, high: float) -> None:
    assert format_interval((low, high)) == f"[{format_points(low)}, {format_points(high)}]"
    assert format_points(low, (low, high)) == f"{format_points(low)} {format_interval((low, high))}"
    cell = with_interval(low, (low, high))
    assert cell.written == format_points(low, (low, high))


def test_minus_zero_is_zero_and_minus_is_a_minus() -> None:
    assert format_points(-0.00001) == "0.00"
    assert format_points(-0.0039) == "−0.39"
    assert format_points(0.0001, (-0.00001, 0.0005)) == "0.01 [0.00, 0.05]"
    assert format_interval((-0.0203, 0.0133)) == "[−2.03, 1.33]"
    assert format_percent(-0.0) == "0.0 %"
    assert format_fraction(-0.00001, 4) == "0.0000"


def test_what_does_not_exist_is_a_dash_and_no_number() -> None:
    writers = (*SIGNED, format_bytes, format_ms, format_chance, format_count)
    assert {write(None) for write in writers} == {NONE}
    assert format_mean(None) == NOT_SCORED
    assert format_interval(None) == ""
    assert with_interval(None, (0.0, 0.1)).written == NONE


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (format_bytes(999), "999 B"),
        (format_bytes(30_400), "30.4 kB"),
        (format_bytes(3_980_000), "3.98 MB"),
        (format_ms(0.1234), "0.123"),
        (format_ms(1.234), "1.23"),
        (format_ms(12.34), "12.3"),
        (format_ms(123.4), "123"),
        (format_percent(0.042), "4.2 %"),
        (format_chance(0.0001), "< 0.001"),
        (format_count(1354), "1\u202f354"),
    ],
)
def test_units_and_digits_follow_the_size(written: str, text: str) -> None:
    assert written == text
