"""Operating points and calibration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_score

from edgetag.recipe import ValidationSection
from edgetag.validation.operating import (
    CURVE_SCORES,
    OperatingPoints,
    calibration,
    calibration_error,
    count_reaching,
    operating_curve,
    operating_points,
    precision_at,
)

TRUTH = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
SCORES = np.array([0.9, 0.8, 0.7, 0.2, 0.75, 0.3, 0.1, 0.1, 0.1, 0.1], dtype=np.float32)


def test_recall_and_false_positives_are_read_off_the_curve() -> None:
    at = OperatingPoints(fpr=0.0, recall=0.75)
    found = operating_points(TRUTH, SCORES, 0.5, "cat", at)
    assert found.recall_at_fpr == 0.5  # 0.9 and 0.8 are above every negative
    assert found.fpr_at_recall == pytest.approx(1 / 6)
    assert (
        operating_points(TRUTH, SCORES, 0.5, "cat", OperatingPoints(fpr=0.2)).recall_at_fpr == 0.75
    )


@given(
    scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30),
    threshold=st.floats(0, 1),
)
def test_pictures_are_counted_as_tags_are_set(scores: list[float], threshold: float) -> None:
    values = np.array(scores, dtype=np.float32)
    expected = int((values >= np.float32(threshold)).sum())
    assert count_reaching(values, np.array([threshold])).tolist() == [expected]


def test_a_curve_counts_what_every_hundredth_decides() -> None:
    curve = operating_curve(TRUTH, SCORES)
    for place, threshold in enumerate(CURVE_SCORES):
        present = np.greater_equal(SCORES, np.float32(threshold))
        assert curve.positives[place] == (present & TRUTH).sum()
        assert curve.negatives[place] == (present & ~TRUTH).sum()
    assert len(curve.positives) == 99


def test_a_curve_is_of_the_hundredths_between_0_and_1() -> None:
    assert CURVE_SCORES.tolist() == pytest.approx([0.01 * step for step in range(1, 100)])


def test_points_on_a_straight_stretch_of_the_curve_are_read_off_too() -> None:
    # Three scores of one positive and one negative each: (1/3, 1/3), (2/3, 2/3), (1, 1).
    truth, scores = np.array([True, False] * 3), np.repeat([0.9, 0.5, 0.1], 2)
    found = operating_points(truth, scores, 0.5, "cat", OperatingPoints(fpr=0.4, recall=0.6))
    assert found.recall_at_fpr == pytest.approx(1 / 3)
    assert found.fpr_at_recall == pytest.approx(2 / 3)


def test_negatives_with_the_highest_score_leave_no_recall_at_a_lower_rate() -> None:
    truth = np.array([1, 1, 0, 0], dtype=bool)
    scores = np.array([1.0, 0.9, 1.0, 0.1], dtype=np.float32)
    found = operating_points(truth, scores, 0.5, "cat", OperatingPoints(fpr=0.4, recall=0.9))
    assert (found.recall_at_fpr, found.fpr_at_recall) == (0.0, 0.5)
    found = operating_points(truth, scores, 0.5, "cat", OperatingPoints(fpr=0.5))
    assert found.recall_at_fpr == 1.0


def test_what_lies_on_a_stated_rate_counts() -> None:
    found = operating_points(TRUTH, SCORES, 0.5, "cat", OperatingPoints(fpr=0.5, recall=0.5))
    # 0.75 and 0.3 are alarms, and 3 of 6 negatives lie below everything at one score.
    assert found.recall_at_fpr == 1.0
    assert found.fpr_at_recall == 0.0
    half = OperatingPoints(fpr=1 / 6, recall=0.75)
    found = operating_points(TRUTH, SCORES, 0.5, "cat", half)
    assert found.recall_at_fpr == 0.75
    assert found.fpr_at_recall == pytest.approx(1 / 6)


def test_a_tag_s_precision_is_bayes_s_at_its_threshold() -> None:
    # At 0.7: 3 of 4 positives and 1 of 6 negatives; one picture in ten has the tag.
    at = OperatingPoints(prevalence=0.1)
    found = operating_points(TRUTH, SCORES, float(np.float32(0.7)), "cat", at)
    assert found.precision_at_prevalence == pytest.approx(0.075 / (0.075 + 0.9 / 6))
    # Bins 0.9, 0.8, 0.7 (of two, one right), 0.3, 0.2 (a positive) and 0.1 of four negatives.
    off = 0.1 + 0.2 + abs(0.7 + 0.75 - 1) + 0.3 + 0.8 + 0.4
    assert found.calibration_error == pytest.approx(off / 10)


def test_where_nothing_is_said_points_are_those_of_a_recipe_that_says_nothing() -> None:
    told = ValidationSection()
    assert OperatingPoints() == OperatingPoints(
        fpr=told.at_fpr,
        recall=told.at_recall,
        prevalence=told.prevalence,
        prevalences=told.prevalences,
        bins=told.calibration_bins,
    )


def test_precision_at_the_split_s_own_prevalence_is_its_precision() -> None:
    present = SCORES >= 0.5
    found = precision_at(present[TRUTH].mean(), present[~TRUTH].mean(), TRUTH.mean())
    assert found == pytest.approx(precision_score(TRUTH, present))


@given(st.floats(0.01, 1), st.floats(0.001, 1), st.floats(0.001, 0.5))
def test_precision_falls_with_prevalence(recall: float, fpr: float, prevalence: float) -> None:
    often, seldom = precision_at(recall, fpr, prevalence), precision_at(recall, fpr, prevalence / 2)
    assert often is not None
    assert seldom is not None
    assert seldom < often


def test_a_tag_has_its_own_prevalence_where_the_recipe_names_one() -> None:
    at = OperatingPoints(prevalence=0.5, prevalences={"cat": 0.001})
    cat = operating_points(TRUTH, SCORES, 0.5, "cat", at).precision_at_prevalence
    dog = operating_points(TRUTH, SCORES, 0.5, "dog", at).precision_at_prevalence
    assert cat is not None
    assert dog is not None
    assert cat < 0.01 < dog


def test_nothing_decided_present_has_no_precision() -> None:
    assert precision_at(0.0, 0.0, 0.01) is None


def test_bins_are_scikit_learns() -> None:
    generator = np.random.default_rng(0)
    scores = generator.random(500)
    truth = generator.random(500) < scores**2
    bins = calibration(truth, scores, 10)
    share, mean = calibration_curve(truth, scores, n_bins=10)
    assert [found.positive_share for found in bins] == pytest.approx(share.tolist())
    assert [found.mean_score for found in bins] == pytest.approx(mean.tolist())
    assert sum(found.images for found in bins) == 500


def test_a_score_of_1_lies_in_the_last_bin() -> None:
    (last,) = calibration(np.array([True, False]), np.array([1.0, 0.95]), 10)
    assert (last.images, last.positive_share) == (2, 0.5)


def test_scores_that_are_shares_have_no_calibration_error_and_sure_wrong_ones_have_1() -> None:
    scores = np.repeat([0.25, 0.75], 100)
    truth = np.tile([1, 0, 0, 0], 25).tolist() + np.tile([1, 1, 1, 0], 25).tolist()
    assert calibration_error(calibration(np.array(truth, dtype=bool), scores, 10)) == 0
    wrong = np.array([True, False])
    assert calibration_error(calibration(wrong, np.array([0.0, 1.0]), 10)) == 1
