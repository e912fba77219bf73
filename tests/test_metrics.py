"""Average precision and distances of logits, by counting and by hand."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.metrics import (
    average_precisions,
    logit_rmse,
    mean_average_precision,
    squared_logit_distances,
)


def columns(*of_tags: list[float], kind: type = np.float32) -> npt.NDArray[Any]:
    return np.array(of_tags, dtype=kind).T


def counted(scores: list[float], labels: list[int]) -> float:
    """Sum precision over what each threshold adds to the recall, counting at every score."""
    known = [(score, label) for score, label in zip(scores, labels, strict=True) if label >= 0]
    positives = sum(label for _, label in known)
    area, before = 0.0, 0
    for threshold in sorted({score for score, _ in known}, reverse=True):
        found = [label for score, label in known if score >= threshold]
        area += (sum(found) - before) / positives * sum(found) / len(found)
        before = sum(found)
    return area


def test_average_precision_is_what_counting_at_every_score_gives() -> None:
    generator = np.random.default_rng(1)
    scores = generator.choice([0.125, 0.25, 0.5, 0.75], size=(9, 40)).astype(np.float32)
    labels = generator.integers(-1, 2, size=(9, 40)).astype(np.int8)
    labels[:2] = [[0], [1]]  # one of each, so all are scored
    found = average_precisions(scores, labels)
    for tag in range(40):
        expected = counted(scores[:, tag].tolist(), labels[:, tag].tolist())
        assert found[tag] == pytest.approx(expected)


def test_a_tag_is_scored_from_its_least_number_of_positives_on_beside_one_negative() -> None:
    labels = columns([1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, -1], kind=np.int8)
    scores = np.tile(np.array([[0.9], [0.8], [0.7], [0.6]], dtype=np.float32), 4)
    scored = ~np.isnan(average_precisions(scores, labels, min_positives=3))
    assert scored.tolist() == [True, False, False, False]
    scored = ~np.isnan(average_precisions(scores, labels, min_positives=2))
    assert scored.tolist() == [True, True, False, False]


@pytest.mark.parametrize("least", [0, 1])
def test_one_positive_is_enough_unless_more_are_asked_for_and_none_never_is(least: int) -> None:
    labels = columns([0, 1, 0], [0, 0, 0], kind=np.int8)
    scores = columns([0.9, 0.8, 0.1], [0.9, 0.8, 0.1])
    found = average_precisions(scores, labels, least)
    assert found[0] == 0.5  # the second of two
    assert math.isnan(found[1])
    assert average_precisions(scores, labels)[0] == 0.5
    assert mean_average_precision(scores, labels) == 0.5


def test_the_mean_is_over_scored_tags_and_nothing_where_there_are_none() -> None:
    labels = columns([1, 0, 0], [0, 0, 1], [0, 0, 0], kind=np.int8)
    scores = np.tile(np.array([[0.9], [0.5], [0.1]], dtype=np.float32), 3)
    assert mean_average_precision(scores, labels) == pytest.approx((1 + 1 / 3) / 2)
    assert math.isnan(mean_average_precision(scores, labels, min_positives=2))


def test_distances_are_squares_of_logits_and_those_of_sure_scores_end_at_half_a_step() -> None:
    # Logits: 0 and log 3; log 3 and −log 3; those of 0 and 1 count as ∓log 511.
    scores = np.array([[0.5, 0.75], [0.0, 0.5]])
    reference = np.array([[0.75, 0.25], [1.0, 0.5]])
    three, ends = math.log(3), math.log(511)
    of_pictures = [(three**2 + (2 * three) ** 2) / 2, (2 * ends) ** 2 / 2]
    assert squared_logit_distances(scores, reference).tolist() == pytest.approx(of_pictures)
    assert logit_rmse(scores, reference) == pytest.approx(math.sqrt(sum(of_pictures) / 2))


def test_scores_nearer_to_an_end_than_half_a_step_of_8_bits_are_alike() -> None:
    ends = np.array([[1 / 512, 511 / 512]])
    assert logit_rmse(np.array([[1e-6, 1 - 1e-6]]), ends) == pytest.approx(0)
    assert logit_rmse(np.array([[1.1 / 512, 1 - 1.1 / 512]]), ends) > 0.09  # log 1.1
