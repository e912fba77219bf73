"""Thresholds keep their policy's promise, found here by trying every cut."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.recipe import ThresholdSection
from edgetag.tags import Vocabulary
from edgetag.training.thresholds import best_f1, choose_thresholds, recall_at_fpr

Case = tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Truth with both classes, and scores with many ties."""
    n = draw(st.integers(2, 30))
    truth = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    truth[:2] = [0, 1]
    scores = draw(st.lists(st.integers(0, 19), min_size=n, max_size=n))
    return np.array(truth, np.int8), np.array(scores) / 20


def f1(truth: npt.NDArray[np.int8], present: npt.NDArray[np.bool_]) -> float:
    hits = int((present & (truth == 1)).sum())
    return 2 * hits / (int(present.sum()) + int((truth == 1).sum()))


def cuts(scores: npt.NDArray[np.float64]) -> list[float]:
    return [*np.unique(scores), 2.0]


@pytest.mark.slow
@given(cases())
@settings(max_examples=200)
def test_no_cut_has_a_higher_f1(case: Case) -> None:
    truth, scores = case
    threshold = best_f1(truth, scores)
    assert 0 <= threshold <= 1
    best = max(f1(truth, scores >= cut) for cut in cuts(scores))
    assert f1(truth, scores >= threshold) == pytest.approx(best)


@pytest.mark.slow
@given(cases(), st.sampled_from([0.01, 0.1, 0.3, 0.9]))
@settings(max_examples=200)
def test_no_cut_within_the_rate_has_a_larger_recall(case: Case, max_fpr: float) -> None:
    truth, scores = case
    present = scores >= recall_at_fpr(truth, scores, max_fpr)
    assert present[truth == 0].mean() <= max_fpr
    best = max(
        (scores >= cut)[truth == 1].mean()
        for cut in cuts(scores)
        if (scores >= cut)[truth == 0].mean() <= max_fpr
    )
    assert present[truth == 1].mean() == best


@given(st.floats(0, 1, width=32), st.booleans())
def test_scores_that_are_neighbours_are_told_apart_in_float32(below: float, f1: bool) -> None:
    above = float(np.nextafter(np.float32(below), np.float32(2)))
    scores, truth = np.array([below, min(above, 1.0)]), np.array([0, 1], np.int8)
    threshold = best_f1(truth, scores) if f1 else recall_at_fpr(truth, scores, 0.4)
    present = scores.astype(np.float32) >= np.float32(threshold)
    assert present[0] == (scores[1] == scores[0])


def test_negatives_with_the_highest_score_are_told_where_no_threshold_passes_them_over() -> None:
    labels = np.repeat([[1, 1], [0, 0]], 10, axis=0).astype(np.int8)
    scores = np.repeat([[0.9, 0.9], [0.1, 0.1]], 10, axis=0).astype(np.float32)
    scores[15:, 0] = 1.0
    section = ThresholdSection(policy="recall_at_fpr", max_fpr=0.2)
    chosen = choose_thresholds(scores, labels, Vocabulary(("full", "not")), section, "validation")
    assert chosen.thresholds == {"full": 1.0, "not": pytest.approx(0.5)}
    assert chosen.unkept == ("full",)
    scores[17:, 0] = 0.1  # two of ten is what is allowed
    chosen = choose_thresholds(scores, labels, Vocabulary(("full", "not")), section, "validation")
    assert chosen.unkept == ()


def test_a_threshold_lies_in_the_middle_of_the_gap() -> None:
    truth = np.array([0, 0, 1, 1], np.int8)
    assert best_f1(truth, np.array([0.1, 0.2, 0.8, 0.9])) == 0.5


def test_rare_tags_take_the_recipes_value_and_are_named() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (40, 4)).astype(np.int8)
    labels[:, 1] = 0
    labels[:4, 1] = 1  # four positives
    labels[4:, 2] = -1  # hardly any known
    labels[:, 3] = 1  # no negative
    scores = rng.random((40, 4)).astype(np.float32)
    section = ThresholdSection(value=0.65)
    vocabulary = Vocabulary(("common", "rare", "unknown", "always"))
    chosen = choose_thresholds(scores, labels, vocabulary, section, "validation")
    assert chosen.defaulted == ("rare", "unknown", "always")
    assert {chosen.thresholds[name] for name in chosen.defaulted} == {0.65}
    assert chosen.thresholds["common"] != 0.65


def test_unknown_labels_do_not_move_a_threshold() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, (60, 1)).astype(np.int8)
    scores = rng.random((60, 1)).astype(np.float32)
    arguments = (Vocabulary(("tag",)), ThresholdSection(), "validation")
    expected = choose_thresholds(scores, labels, *arguments)
    more_scores = np.concatenate([scores, rng.random((30, 1)).astype(np.float32)])
    more_labels = np.concatenate([labels, np.full((30, 1), -1, np.int8)])
    assert choose_thresholds(more_scores, more_labels, *arguments) == expected


def test_a_fixed_threshold_is_the_recipes() -> None:
    chosen = choose_thresholds(
        np.zeros((3, 2), np.float32),
        np.zeros((3, 2), np.int8),
        Vocabulary(("a", "b")),
        ThresholdSection(policy="fixed", value=0.65),
        "validation",
    )
    assert (chosen.thresholds, chosen.defaulted) == ({"a": 0.65, "b": 0.65}, ())
