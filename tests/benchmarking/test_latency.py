"""Percentiles with intervals, the spread, the warm-up, and what is recorded of the machine."""

import numpy as np
import pytest

from edgetag.benchmarking import child
from edgetag.benchmarking.conditions import look, mean_mhz
from edgetag.benchmarking.latency import interval, percentiles, spread


def test_the_interval_holds_the_true_quantile_as_often_as_promised() -> None:
    generator = np.random.default_rng(0)
    for share in (0.5, 0.9):
        true = float(np.quantile(generator.gamma(4, 1, 1_000_000), share))
        held = 0
        for _ in range(400):
            bounds = interval(generator.gamma(4, 1, 200).tolist(), share)
            assert bounds is not None
            held += bounds[0] <= true <= bounds[1]
        assert 0.92 < held / 400 <= 1.0


def test_too_few_runs_have_no_interval_of_a_high_percentile() -> None:
    runs = np.linspace(1, 2, 200).tolist()
    assert interval(runs, 0.99) is None
    assert percentiles(runs).p50_interval is not None
    assert interval(np.linspace(1, 2, 1024).tolist(), 0.99) is not None


def test_intervals_enclose_their_percentiles_and_are_in_order() -> None:
    found = percentiles(np.random.default_rng(1).gamma(4, 1, 1024).tolist())
    for name in ("p50", "p90", "p99"):
        low, high = getattr(found, f"{name}_interval")
        assert low <= getattr(found, name) <= high
    assert found.p50 < found.p90 < found.p99


def test_the_spread_is_relative() -> None:
    runs = np.random.default_rng(2).normal(10, 1, 5000)
    assert spread(runs.tolist()) == pytest.approx(spread((3 * runs).tolist()))
    assert spread([5.0] * 20) == 0.0


class Scripted:
    """Rounds of one model whose times are given."""

    def __init__(self, times: list[float]) -> None:
        self.times = iter(times)

    def left(self) -> list[int]:
        return [0]

    def take(self) -> dict[int, float]:
        return {0: next(self.times)}


def test_the_warm_up_goes_on_until_medians_settle() -> None:
    falling = [10.0] * 5 + [6.0] * 5 + [4.0] * 5 + [4.05] * 5 + [1.0] * 100
    beats = []
    runs, warm = child.warm_up(Scripted(falling), 5, lambda: beats.append(1))  # type: ignore[arg-type]
    assert (runs, warm, len(beats)) == (20, True, 20)


def test_a_warm_up_that_never_settles_ends_and_says_so() -> None:
    restless = [float(2 ** (i // 5 % 2)) for i in range(1000)]
    runs, warm = child.warm_up(Scripted(restless), 5, lambda: None)  # type: ignore[arg-type]
    assert (runs, warm) == (5 * child.MOST_WINDOWS, False)


def test_frequency_is_the_mean_over_cores_and_unknown_where_it_is_not_told() -> None:
    assert mean_mhz("processor: 0\ncpu MHz\t\t: 2000.0\n\ncpu MHz\t\t: 3000.500\n") == 2500.25
    assert mean_mhz("Hardware: ARM\n") is None


def test_this_machine_tells_its_load() -> None:
    load = look().load
    assert load is not None
    assert load >= 0
