"""Durations read alike everywhere."""

import pytest

from edgetag.progress import format_seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (59.96, "1 min 0 s"),
        (200, "3 min 20 s"),
        (5400, "1 h 30 min"),
        (7500, "2 h 5 min"),
        (90000, "25 h 0 min"),
    ],
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text
