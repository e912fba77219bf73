import time
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from edgetag.validation import statistics
from edgetag.validation.statistics import (
    Bootstrap,
    average_precision_samples,
    chance_at_most,
    f1_samples,
    interval,
    mean_over_tags,
    ratio_samples,
    share_samples,
    weighted_average_precision,
)


@st.composite
def weighted_cases(draw: st.DrawFn) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Scores with many ties, labels with at least one positive, whole weights with many zeros."""
    count = draw(st.integers(1, 40))
    levels = draw(st.sampled_from([1, 2, 5, 1000]))
    scores = np.array(draw(st.lists(st.integers(0, levels), min_size=count, max_size=count)))
    truth = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    truth[draw(st.integers(0, count - 1))] = True
    cells = st.integers(0, 3)
    weights = [draw(st.lists(cells, min_size=count, max_size=count)) for _ in range(3)]
    return (scores / 1000).astype(np.float32), truth, np.array(weights, dtype=np.float32).T


@pytest.mark.slow
@given(weighted_cases())
@settings(max_examples=100)
def test_weighted_average_precision_is_scikit_learns(
    case: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]],
) -> None:
    scores, truth, weights = case
    ours = weighted_average_precision(scores, truth, weights)
    for sample, value in enumerate(ours):
        weight = weights[:, sample]
        if not weight[truth].sum():
            assert np.isnan(value)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = average_precision_score(truth, scores, sample_weight=weight)
        assert value == pytest.approx(expected, abs=1e-12)


def test_a_draw_of_one_positive_has_the_precision_at_its_rank_and_one_of_none_has_no_number() -> (
    None
):
    scores = np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32)
    truth = np.array([False, True, False, True])
    # Drawn: the second image alone of both positives; the last one behind two others; none.
    weights = np.array([[2, 1, 0], [1, 0, 0], [1, 1, 4], [0, 1, 0]], dtype=np.float32)
    drawn = weighted_average_precision(scores, truth, weights)
    assert drawn[:2] == pytest.approx([1 / 3, 1 / 3])
    assert np.isnan(drawn[2])


def test_average_precision_samples_equal_repeating_the_drawn_images() -> None:
    generator = np.random.default_rng(1)
    scores = np.round(generator.random((50, 2)), 1).astype(np.float32)
    labels = generator.integers(-1, 2, (50, 2)).astype(np.int8)
    groups = [f"g{i // 3}" for i in range(50)]
    bootstrap = Bootstrap.over(groups, samples=20, seed=4)
    samples = average_precision_samples(scores, labels, [0, 1], bootstrap)
    (weights,) = bootstrap.blocks()
    for sample in range(20):
        drawn = np.repeat(np.arange(50), weights[:, sample].astype(int))
        for tag in range(2):
            rows = drawn[labels[drawn, tag] >= 0]
            expected = average_precision_score(labels[rows, tag], scores[rows, tag])
            assert samples[sample, tag] == pytest.approx(expected, abs=1e-12)


def test_f1_samples_equal_repeating_the_drawn_images() -> None:
    generator = np.random.default_rng(2)
    decisions = generator.random((40, 2)) < 0.4
    labels = generator.integers(-1, 2, (40, 2)).astype(np.int8)
    bootstrap = Bootstrap.over([str(i) for i in range(40)], samples=20, seed=4)
    samples = f1_samples(decisions, labels, [1], bootstrap)
    (weights,) = bootstrap.blocks()
    for sample in range(20):
        rows = np.repeat(np.arange(40), weights[:, sample].astype(int))
        rows = rows[labels[rows, 1] >= 0]
        expected = f1_score(labels[rows, 1], decisions[rows, 1], zero_division=0)
        assert samples[sample, 0] == pytest.approx(expected, abs=1e-6)


@given(st.integers(1, 12), st.integers(1, 60), st.integers(0, 2**31 - 1))
@settings(deadline=None)
def test_a_draw_takes_whole_groups_and_as_many_as_there_are(
    groups: int, images: int, seed: int
) -> None:
    names = [f"g{i % groups}" for i in range(images)]
    bootstrap = Bootstrap.over(names, samples=7, seed=seed)
    weights = np.concatenate(list(bootstrap.blocks()), axis=1)
    assert weights.shape == (images, 7)
    for group in range(bootstrap.groups):
        members = weights[bootstrap.group_of == group]
        assert (members == members[0]).all()
    first = [int(np.flatnonzero(bootstrap.group_of == g)[0]) for g in range(bootstrap.groups)]
    assert (weights[first].sum(axis=0) == bootstrap.groups).all()


@pytest.mark.parametrize("rows", [1, 4, 5])
def test_draws_in_blocks_are_those_of_one_block(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = Bootstrap.over([f"g{i // 2}" for i in range(30)], 10, seed=3)
    (whole,) = bootstrap.blocks()
    monkeypatch.setattr(statistics, "BLOCK_CELLS", 30 * rows)
    blocks = list(bootstrap.blocks())
    assert [block.shape[1] for block in blocks] == [
        min(rows, 10 - start) for start in range(0, 10, rows)
    ]
    assert np.array_equal(np.concatenate(blocks, axis=1), whole)


def test_shares_and_ratios_equal_repeating_the_drawn_images() -> None:
    generator = np.random.default_rng(3)
    decisions, among = generator.random((2, 40, 2)) < 0.2
    above, below = generator.random(40), np.zeros(40)
    below[:2] = 0.5, 0.25  # of one group, which not every sample draws
    bootstrap = Bootstrap.over([str(i // 2) for i in range(40)], samples=20, seed=4)
    shares = share_samples(decisions, among, [1], bootstrap)
    ratios = ratio_samples(above, below, bootstrap)
    (weights,) = bootstrap.blocks()
    nothing = 0
    for sample in range(20):
        rows = np.repeat(np.arange(40), weights[:, sample].astype(int))
        hits, of = (decisions & among)[rows, 1].sum(), among[rows, 1].sum()
        assert shares[sample, 0] == pytest.approx(hits / of if of else 0.0, abs=1e-6)
        if below[rows].sum():
            expected = above[rows].sum() / below[rows].sum()
            assert ratios[sample] == pytest.approx(expected, rel=1e-6)
        else:
            nothing += 1
            assert np.isnan(ratios[sample])
    assert 0 < nothing < 20


def test_the_mean_over_tags_leaves_out_those_without_a_positive() -> None:
    nan = np.nan
    samples = np.array([[0.2, 0.4], [0.3, nan], [nan, nan]])
    assert mean_over_tags(samples).tolist()[:2] == pytest.approx([0.3, 0.3])
    assert np.isnan(mean_over_tags(samples)[2])


def test_a_chance_is_the_share_of_draws_and_no_less_than_a_normal_tail() -> None:
    draws = np.array([0.0, 1.0, 2.0, 3.0, np.nan])
    assert chance_at_most(draws, 1.0) == 0.5
    # Below all draws: the tail of a normal distribution with their mean, 1.5, and spread, 1.118.
    assert chance_at_most(draws, -1.0) == pytest.approx(0.01267, abs=1e-5)
    assert chance_at_most(np.array([2.0, 2.0]), 2.0) == 1.0
    assert chance_at_most(np.array([2.0, 2.0]), 1.9) == 0.0
    assert chance_at_most(np.array([0.0, np.nan]), 1.0) == 1.0
    assert chance_at_most(np.array([5.0, np.nan]), 1.0) == 1.0


def test_draws_are_the_same_each_time_and_differ_by_seed() -> None:
    names = [str(i) for i in range(30)]
    once, again, other = (
        np.concatenate(list(Bootstrap.over(names, 9, seed).blocks()), axis=1) for seed in (1, 1, 2)
    )
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    """200 samples of a normal mean: 90 % intervals hold it in 80 to 97 % of the cases."""
    generator = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        values = generator.normal(1.0, 1.0, 60)
        (weights,) = Bootstrap.over([str(i) for i in range(60)], 300, trial).blocks()
        bounds = interval((weights.T @ values) / 60, 0.9)
        assert bounds is not None
        held += bounds[0] <= 1.0 <= bounds[1]
    assert 160 <= held <= 194


def test_groups_widen_the_interval_where_images_of_a_group_are_alike() -> None:
    values = np.repeat(np.random.default_rng(3).normal(0, 1, 20), 10)
    widths = []
    for names in ([str(i) for i in range(200)], [str(i // 10) for i in range(200)]):
        (weights,) = Bootstrap.over(names, 500, 1).blocks()
        bounds = interval((weights.T @ values) / weights.sum(axis=0), 0.95)
        assert bounds is not None
        widths.append(bounds[1] - bounds[0])
    assert widths[1] > 2 * widths[0]


def test_an_interval_leaves_out_as_much_on_either_side() -> None:
    assert interval(np.arange(1001.0), 0.9) == pytest.approx((50.0, 950.0))
    assert interval(np.array([1.0, 3.0]), 0.5) == pytest.approx((1.5, 2.5))


def test_there_is_no_interval_without_samples() -> None:
    assert interval(np.array([np.nan, np.nan]), 0.95) is None
    assert interval(np.array([np.nan, 0.1, 0.1]), 0.95) == (0.1, 0.1)


@pytest.mark.slow
def test_a_thousand_samples_of_twenty_tags_take_little_time() -> None:
    """0.2 s on an idle core of 2026; the limit leaves room for a busy one."""
    generator = np.random.default_rng(0)
    scores = generator.random((2000, 20)).astype(np.float32)
    labels = (generator.random((2000, 20)) < 0.1).astype(np.int8)
    bootstrap = Bootstrap.over([str(i) for i in range(2000)], 1000, 1)
    started = time.process_time()
    average_precision_samples(scores, labels, list(range(20)), bootstrap)
    assert time.process_time() - started < 5
