"""Tango's interval, McNemar's test, Holm's correction, the design effect."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest, norm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from edgetag.validation.proportions import (
    design_effect,
    exact_mcnemar,
    holm,
    largest_share,
    p_above,
    paired_interval,
    score_statistic,
    share_design_effect,
    share_interval,
)

Z = float(norm.ppf(0.975))


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    """Lost, gained and all pairs."""
    total = draw(st.integers(1, 300))
    lost = draw(st.integers(0, total))
    return lost, draw(st.integers(0, total - lost)), total


def test_a_published_example_comes_out() -> None:
    # Airway hyper-responsiveness before and after stem cell transplantation (Bentur et al. 2009),
    # in Fagerland, Lydersen and Laake, "Statistical Analysis of Contingency Tables", chapter 8.
    low, high = paired_interval(1, 7, 21, 0.95)
    assert (round(low, 3), round(high, 3)) == (-0.517, -0.026)


@given(tables(), st.floats(-0.9, 0.9))
def test_the_variance_is_taken_at_the_maximum_of_likelihood(
    table: tuple[int, int, int], difference: float
) -> None:
    lost, gained, total = table

    def cost(share_gained: float) -> float:
        share_lost = share_gained + difference
        same = 1.0 - share_gained - share_lost
        terms = ((lost, share_lost), (gained, share_gained), (total - lost - gained, same))
        return -sum(n * math.log(max(p, 1e-300)) for n, p in terms if n)

    lowest, highest = max(0.0, -difference), (1.0 - difference) / 2.0
    best = minimize_scalar(
        cost, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-12}
    )
    variance = total * (2.0 * best.x + difference * (1.0 - difference))
    found = score_statistic(lost, gained, total, difference)
    if variance > 1e-6:
        expected = (lost - gained - total * difference) / math.sqrt(variance)
        assert found == pytest.approx(expected, rel=1e-2, abs=1e-2)


@given(tables())
def test_the_interval_holds_the_estimate_and_turns_with_the_roles(
    table: tuple[int, int, int],
) -> None:
    lost, gained, total = table
    low, high = paired_interval(lost, gained, total, 0.95)
    assert -1 <= low <= (lost - gained) / total + 1e-9
    assert (lost - gained) / total - 1e-9 <= high <= 1
    back = paired_interval(gained, lost, total, 0.95)
    assert back == pytest.approx((-high, -low), abs=1e-6)


@given(tables())
def test_the_interval_excludes_zero_where_mcnemars_score_does(table: tuple[int, int, int]) -> None:
    lost, gained, total = table
    low, high = paired_interval(lost, gained, total, 0.95)
    distance = abs(lost - gained) / math.sqrt(lost + gained) if lost + gained else 0.0
    if abs(distance - Z) > 1e-6:
        assert (low > 0 or high < 0) == (distance > Z)


@given(tables(), st.floats(0.5, 0.999))
def test_at_each_end_of_the_interval_the_statistic_is_its_quantile(
    table: tuple[int, int, int], confidence: float
) -> None:
    lost, gained, total = table
    z = float(norm.ppf((1 + confidence) / 2))
    for end, level in zip(paired_interval(lost, gained, total, confidence), (z, -z), strict=True):
        if abs(end) < 1.0:
            assert score_statistic(lost, gained, total, end - 1e-9) >= level - 1e-4
            assert score_statistic(lost, gained, total, end + 1e-9) <= level + 1e-4
        else:
            assert end == (-1.0 if level > 0 else 1.0)
            assert abs(lost - gained) == total


def test_nothing_lost_is_no_proof_that_nothing_is_lost() -> None:
    few, many = paired_interval(0, 0, 20, 0.95)[1], paired_interval(0, 0, 2000, 0.95)[1]
    assert few == pytest.approx(Z**2 / (20 + Z**2))
    assert many == pytest.approx(Z**2 / (2000 + Z**2))


def test_p_and_interval_agree_at_the_interval_s_end() -> None:
    low, _ = paired_interval(12, 3, 80, 0.95)
    assert p_above(12, 3, 80, low) == pytest.approx(0.025, abs=1e-6)
    assert p_above(0, 0, 80, 0.0) == 0.5


def test_mcnemars_p_is_the_binomial_s() -> None:
    assert exact_mcnemar(0, 0) == 1.0
    assert exact_mcnemar(5, 0) == pytest.approx(2 * 0.5**5)
    assert exact_mcnemar(0, 5) == exact_mcnemar(5, 0)


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_keeps_the_order() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_p_is_that_of_statsmodels(worse: int, better: int) -> None:
    assert exact_mcnemar(worse, better) == mcnemar([[0, worse], [better, 0]], exact=True).pvalue


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == multipletests(p_values, method="holm")[1].tolist()


def test_copies_in_a_group_count_once() -> None:
    generator = np.random.default_rng(0)
    change = generator.choice([-1, 0, 0, 0, 1], size=(200, 4)).astype(np.int8)
    alone = design_effect(change, np.ones_like(change, dtype=bool), np.arange(200))
    copied = np.repeat(change, 5, axis=0)
    groups = np.repeat(np.arange(200), 5)
    assert alone == 1.0
    assert design_effect(copied, np.ones_like(copied, dtype=bool), groups) == pytest.approx(5.0)


def test_unlike_images_of_a_group_count_fully() -> None:
    generator = np.random.default_rng(0)
    change = generator.choice([-1, 0, 0, 0, 1], size=(3000, 4)).astype(np.int8)
    effect = design_effect(change, np.ones_like(change, dtype=bool), np.arange(3000) // 5)
    assert 1.0 <= effect < 1.2


def test_groups_that_are_alike_inflate_no_share() -> None:
    """One hit in each pair: groups tell nothing that images do not."""
    assert share_design_effect(np.arange(100) % 2 == 0, np.arange(100) // 2) == 1.0


def test_without_a_change_images_of_a_group_count_as_one() -> None:
    nothing = np.zeros((30, 2), dtype=np.int8)
    known = np.ones_like(nothing, dtype=bool)
    assert design_effect(nothing, known, np.arange(30) // 3) == pytest.approx(3.0)
    assert design_effect(nothing, known, np.arange(30)) == 1.0


def test_unknown_cells_have_no_part_in_the_design_effect() -> None:
    change = np.ones((10, 1), dtype=np.int8)
    known = np.zeros_like(change, dtype=bool)
    known[::5] = True
    assert design_effect(change, known, np.arange(10) // 5) == 1.0


@pytest.mark.parametrize(("hits", "total"), [(0, 1), (1, 1), (0, 20), (20, 20), (3, 40), (39, 40)])
def test_a_share_s_interval_is_scipys(hits: int, total: int) -> None:
    expected = binomtest(hits, total).proportion_ci(0.9, method="exact")
    assert share_interval(hits, total, 0.9) == pytest.approx(expected, abs=1e-12)
    one_sided = binomtest(hits, total, alternative="less").proportion_ci(0.9, method="exact")
    assert largest_share(hits, total, 0.9) == pytest.approx(one_sided.high, abs=1e-12)


def test_all_or_nothing_leaves_a_power_of_the_level_open() -> None:
    # (1 - share)^total is the chance to see none: 0.05 at the bound.
    assert largest_share(0, 20, 0.95) == pytest.approx(1 - 0.05 ** (1 / 20))
    assert largest_share(0, 2.5, 0.95) == pytest.approx(1 - 0.05 ** (1 / 2.5))
    assert largest_share(2.5, 2.5, 0.95) == 1.0


def test_a_share_s_design_effect_is_that_of_two_sums() -> None:
    # Half are hits, so each is half apart: 8 · 1/4 over images, and 1, 1, 0 and 0 over groups.
    hits = np.array([1, 1, 0, 0, 1, 0, 1, 0], dtype=bool)
    assert share_design_effect(hits, np.arange(8) // 2) == 1.0
    # As one group of four hits and one of four others, 2 and -2.
    halves = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    assert share_design_effect(halves, np.arange(8) // 4) == pytest.approx(8 / 2)
    # A quarter: 2 · 9/16 + 6 · 1/16 = 3/2 over images; 3/2, -1/2, -1/2, -1/2 over pairs.
    quarter = np.array([1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
    assert share_design_effect(quarter, np.arange(8) // 2) == pytest.approx(3 / 1.5)


def test_images_that_are_all_alike_count_as_one_of_their_group() -> None:
    # Groups of 1, 2 and 3: (1 + 4 + 9) / 6.
    groups = np.array([0, 1, 1, 2, 2, 2])
    for same in (True, False):
        assert share_design_effect(np.full(6, same), groups) == pytest.approx(14 / 6)
    nothing = np.zeros((6, 1), dtype=np.int8)
    known = np.ones_like(nothing, dtype=bool)
    assert design_effect(nothing, known, groups) == pytest.approx(14 / 6)


def test_the_design_effect_of_changes_is_that_of_their_sums() -> None:
    # Of the first tag 1 and 1 in one group, 1 and -1 in the other; of the second one alone.
    changes = np.array([[1, 0], [1, 0], [1, 1], [-1, 0]], dtype=np.int8)
    known = np.ones_like(changes, dtype=bool)
    groups = np.array([0, 0, 1, 1])
    assert design_effect(changes, known, groups) == pytest.approx((4 + 0 + 0 + 1) / 5)
    changes[3, 0] = 0
    assert design_effect(changes, known, groups) == pytest.approx((4 + 1 + 0 + 1) / 4)
    assert design_effect(-changes, known, groups) == pytest.approx((4 + 1 + 0 + 1) / 4)


def test_without_a_variance_a_difference_is_none_or_endless() -> None:
    # Were all lost for certain, the variance would be 0.
    assert score_statistic(5, 0, 5, 1.0) == 0.0
    assert score_statistic(4, 0, 5, 1.0) == -math.inf
    assert score_statistic(0, 4, 5, -1.0) == math.inf
    assert score_statistic(0, 5, 5, -1.0) == 0.0
