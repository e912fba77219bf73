"""Percentiles with intervals, the spread, the warm-up, and what is recorded of the machine."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import quantile_test

from edgetag.benchmarking import child
from edgetag.benchmarking.conditions import look, mean_mhz
from edgetag.benchmarking.effort import MOST_WINDOWS
from edgetag.benchmarking.latency import (
    interval,
    interval_ranks,
    percentiles,
    ratio,
    repetition,
    spread,
)
from edgetag.children import Emit
from edgetag.messages import Message


@pytest.mark.slow
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


def ar1(generator: np.random.Generator, runs: int, correlation: float) -> npt.NDArray[Any]:
    """Return runs around 0 that are as alike as their neighbours; standard deviation 1."""
    noise = generator.normal(0, np.sqrt(1 - correlation**2), runs)
    noise[0] = generator.normal()
    for number in range(1, runs):
        noise[number] += correlation * noise[number - 1]
    return noise


@pytest.mark.slow
def test_runs_that_are_like_their_neighbours_have_a_wider_interval() -> None:
    """A slow moment lasts many runs: each of them tells little that is new."""
    generator = np.random.default_rng(3)
    held, widths = {0.0: 0, 0.8: 0}, {0.0: 0.0, 0.8: 0.0}
    for _ in range(300):
        for correlation in held:
            bounds = interval((10 + ar1(generator, 600, correlation)).tolist(), 0.5)
            assert bounds is not None
            held[correlation] += bounds[0] <= 10 <= bounds[1]
            widths[correlation] += bounds[1] - bounds[0]
    assert held[0.0] / 300 > 0.9
    assert held[0.8] / 300 > 0.9  # 0.58 with ranks of independent runs
    assert widths[0.8] > 1.5 * widths[0.0]


def test_repetition_is_that_of_the_process() -> None:
    generator = np.random.default_rng(4)
    assert repetition(generator.normal(0, 1, 20_000)) == pytest.approx(1.0, abs=0.15)
    expected = (1 + 0.8) / (1 - 0.8)
    assert repetition(ar1(generator, 50_000, 0.8)) == pytest.approx(expected, rel=0.15)
    assert repetition(np.ones(50)) == 1.0


def test_of_independent_runs_the_interval_is_hardly_wider_than_the_exact_one() -> None:
    generator = np.random.default_rng(6)
    widths = np.zeros(2)
    for _ in range(100):
        runs = generator.gamma(4, 1, 400)
        bounds = interval(runs.tolist(), 0.5)
        exact = quantile_test(runs, p=0.5).confidence_interval(0.95)
        assert bounds is not None
        widths += bounds[1] - bounds[0], exact.high - exact.low
    assert 0.98 < widths[0] / widths[1] < 1.2


def test_runs_that_only_drift_have_no_interval() -> None:
    assert interval(np.linspace(1, 2, 200).tolist(), 0.5) is None


def test_too_few_runs_have_no_interval_of_a_high_percentile() -> None:
    runs = np.random.default_rng(5).permutation(np.linspace(1, 2, 2048)).tolist()
    assert interval(runs[:200], 0.99) is None
    assert percentiles(runs[:200]).p50_interval is not None
    assert interval(runs, 0.99) is not None


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
    """Rounds of models whose times are given."""

    def __init__(self, *times: list[float]) -> None:
        self.times = [iter(of_one) for of_one in times]

    def left(self) -> list[int]:
        return list(range(len(self.times)))

    def take(self) -> dict[int, float]:
        return {model: next(of_one) for model, of_one in enumerate(self.times)}


def ignored(event: Message) -> None:
    """Hear an event and do nothing."""


def warmed(*times: list[float], emit: Emit = ignored) -> tuple[int, frozenset[int]]:
    """Warm models up whose times are given, in windows of 5 rounds."""
    return child.warm_up(cast("child.Turns", Scripted(*times)), 5, emit)


def test_the_warm_up_goes_on_until_medians_settle() -> None:
    falling = [10.0] * 5 + [6.0] * 5 + [4.0] * 5 + [4.05] * 5 + [1.0] * 100
    beats: list[Message] = []
    runs, warm = warmed(falling, emit=beats.append)
    assert (runs, warm, len(beats)) == (20, frozenset({0}), 20)


def test_a_warm_up_that_never_settles_ends_and_says_so() -> None:
    restless = [float(2 ** (i // 5 % 2)) for i in range(1000)]
    runs, warm = warmed(restless)
    assert (runs, warm) == (5 * MOST_WINDOWS, frozenset())


def test_each_model_settles_once_and_not_all_at_the_same_moment() -> None:
    early = [4.0] * 10 + [9.0] * 5 + [2.0] * 100
    late = [9.0] * 5 + [6.0] * 5 + [4.0] * 110
    runs, warm = warmed(early, late)
    assert (runs, warm) == (20, frozenset({0, 1}))
    restless = [float(2 ** (i // 5 % 2)) for i in range(1000)]
    runs, warm = warmed(early + [2.0] * 100, restless)
    assert (runs, warm) == (5 * MOST_WINDOWS, frozenset({0}))


def test_frequency_is_the_mean_over_cores_and_unknown_where_it_is_not_told() -> None:
    assert mean_mhz("processor: 0\ncpu MHz\t\t: 2000.0\n\ncpu MHz\t\t: 3000.500\n") == 2500.25
    assert mean_mhz("Hardware: ARM\n") is None


def test_this_machine_tells_its_load() -> None:
    load = look().load
    assert load is not None
    assert load >= 0


@given(st.integers(1, 5000), st.data(), st.sampled_from([0.5, 0.9, 0.99]))
def test_ranks_of_an_interval_are_those_of_runs(
    count: int, data: st.DataObject, share: float
) -> None:
    independent = data.draw(st.integers(1, count))
    ranks = interval_ranks(count, independent, share)
    assert ranks is None or 1 <= ranks[0] < ranks[1] <= count


def test_the_last_run_is_the_end_of_an_interval_whatever_the_rounding() -> None:
    for independent in range(1, 201):  # 200 / 44 * 44 is above 200, for one
        ranks = interval_ranks(200, independent, 0.9)
        assert ranks is None or ranks[1] <= 200


def test_a_slow_moment_of_the_machine_leaves_the_ratio_of_a_round_as_it_is() -> None:
    rng = np.random.default_rng(5)
    machine = np.where(np.arange(300) % 100 < 40, 3.0, 1.0)
    base = 10.0 * machine * rng.uniform(0.98, 1.02, 300)
    own = 4.0 * machine * rng.uniform(0.98, 1.02, 300)
    found = ratio(own.tolist(), base.tolist())
    assert found is not None
    assert found.interval is not None
    assert spread(own.tolist()) > 1.0
    assert 0.39 < found.interval[0] <= found.p50 <= found.interval[1] < 0.41


def test_times_of_other_rounds_have_no_ratio() -> None:
    assert ratio([1.0, 2.0], [1.0]) is None
