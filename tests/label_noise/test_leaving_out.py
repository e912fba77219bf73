"""Labels that are turned on purpose are left out, and those that people answered are not."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.label_noise.leaving_out import labels_to_leave_out
from edgetag.labels import UNKNOWN

IMAGES, WIDTH, TAGS = 400, 12, 3


def pictures(seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return features and the truth: each tag shows in features of its own."""
    generator = np.random.default_rng(seed)
    truth = generator.random((IMAGES, TAGS)) < 0.3
    features = generator.normal(size=(IMAGES, WIDTH)).astype(np.float32)
    for tag in range(TAGS):
        features[:, 3 * tag : 3 * tag + 3] += 3.0 * truth[:, tag, None]
    return features, truth.astype(np.int8)


def turned(truth: npt.NDArray[Any], share: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return labels of which a share is turned round, and which these are."""
    # No seed of `pictures`, of which the same numbers would draw the tag.
    wrong = np.random.default_rng(1 << 20).random(truth.shape) < share
    return np.where(wrong, 1 - truth, truth).astype(np.int8), wrong


def alone() -> list[str]:
    return [str(number) for number in range(IMAGES)]


def nobody() -> npt.NDArray[np.bool_]:
    return np.zeros((IMAGES, TAGS), bool)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_most_turned_labels_are_left_out_and_few_others(share: float) -> None:
    features, truth = pictures(0)
    labels, wrong = turned(truth, share)
    left_out = labels_to_leave_out(features, labels, alone(), nobody())
    assert left_out.judged.all()
    assert left_out.cells[wrong].mean() > 0.5
    assert wrong[left_out.cells].mean() > 0.7


def test_labels_of_one_group_are_not_judged() -> None:
    features, truth = pictures(0)
    left_out = labels_to_leave_out(features, truth, ["kin"] * IMAGES, nobody())
    assert not left_out.judged.any()
    assert not left_out.cells.any()


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**16))
def test_no_trusted_and_no_unknown_label_is_left_out(seed: int) -> None:
    features, truth = pictures(seed)
    labels, _ = turned(truth, 0.1)
    generator = np.random.default_rng(seed)
    labels[generator.random(labels.shape) < 0.2] = UNKNOWN
    trusted = generator.random(labels.shape) < 0.3
    left_out = labels_to_leave_out(features, labels, alone(), trusted)
    assert left_out.cells.any()
    assert not left_out.cells[trusted | (labels == UNKNOWN)].any()


def test_where_all_labels_are_answered_none_is_left_out() -> None:
    features, truth = pictures(0)
    labels, _ = turned(truth, 0.1)
    assert not labels_to_leave_out(features, labels, alone(), ~nobody()).cells.any()


@pytest.mark.parametrize("positives", [0, 1, 19])
def test_a_tag_with_too_few_labels_is_learnt_as_it_is(positives: int) -> None:
    features, labels = pictures(0)
    labels[:, 0] = 0
    labels[:positives, 0] = 1
    left_out = labels_to_leave_out(features, labels, alone(), nobody())
    assert left_out.judged.tolist() == [False, True, True]
    assert not left_out.cells[:, 0].any()


def test_a_tag_without_any_label_is_not_judged() -> None:
    features, labels = pictures(0)
    labels[:, 1] = UNKNOWN
    left_out = labels_to_leave_out(features, labels, alone(), nobody())
    assert left_out.judged.tolist() == [True, False, True]


def test_features_that_are_all_alike_give_every_picture_the_same_chance() -> None:
    _, labels = pictures(0)
    alike = np.ones((IMAGES, WIDTH), np.float32)
    left_out = labels_to_leave_out(alike, labels, alone(), nobody())
    assert np.ptp(left_out.probabilities, axis=0).max() < 0.1


@pytest.mark.slow
def test_the_same_labels_are_left_out_every_time() -> None:
    features, truth = pictures(0)
    labels, _ = turned(truth, 0.1)
    once, again = (labels_to_leave_out(features, labels, alone(), nobody()) for _ in range(2))
    assert np.array_equal(once.cells, again.cells)
    assert np.array_equal(once.probabilities, again.probabilities, equal_nan=True)


def test_confirmed_labels_that_doubtful_ones_make_look_wrong_stay() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(1200, WIDTH)).astype(np.float32)
    plain = np.arange(1200) < 200  # pictures that plainly lack the tag; the others may have it
    truth = ~plain & (generator.random(1200) < 0.4)
    features[plain, 0] -= 8.0
    features[truth, 1] += 1.0
    wrong = ~plain & (generator.random(1200) < 0.25)
    labels = np.where(wrong, ~truth, truth).astype(np.int8)[:, None]
    seen = truth & ~wrong & (generator.random(1200) < 0.5)
    confirmed = (plain | seen)[:, None]
    names, none = [str(number) for number in range(1200)], np.zeros(labels.shape, bool)
    without = labels_to_leave_out(features, labels, names, none)
    with_them = labels_to_leave_out(features, labels, names, none, confirmed=confirmed)
    assert without.cells[confirmed].sum() > 10
    assert with_them.cells[confirmed].sum() < without.cells[confirmed].sum() / 3
    assert with_them.cells[wrong].sum() >= without.cells[wrong].sum()


def test_confirmed_labels_that_are_plainly_wrong_are_left_out_unless_trusted() -> None:
    features, truth = pictures(0)
    labels, wrong = turned(truth, 0.1)
    everywhere = ~nobody()
    left_out = labels_to_leave_out(features, labels, alone(), nobody(), confirmed=everywhere)
    assert left_out.cells[wrong].mean() > 0.5
    kept = labels_to_leave_out(features, labels, alone(), everywhere, confirmed=everywhere)
    assert not kept.cells.any()


def test_too_few_confirmed_labels_to_judge_all_stay() -> None:
    features, truth = pictures(0)
    labels, wrong = turned(truth, 0.1)
    confirmed = wrong & (labels == 0)
    left_out = labels_to_leave_out(features, labels, alone(), nobody(), confirmed=confirmed)
    assert left_out.cells.any()
    assert not left_out.cells[confirmed].any()
