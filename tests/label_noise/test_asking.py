"""Pictures are asked about first whose rare tags are said to be there and may not be."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgetag.label_noise.asking import worth_asking
from edgetag.label_noise.leaving_out import LeftOut
from edgetag.labels import UNKNOWN

SHAPE = (30, 3)


def judged(probabilities: npt.NDArray[Any], doubted: npt.NDArray[Any]) -> LeftOut:
    return LeftOut(doubted, probabilities, np.ones(SHAPE[1], bool))


@pytest.mark.slow
@given(
    arrays(np.int8, SHAPE, elements=st.sampled_from([UNKNOWN, 0, 1])),
    arrays(np.float64, SHAPE, elements=st.one_of(st.just(np.nan), st.floats(0, 1))),
    arrays(np.bool_, SHAPE),
    arrays(np.bool_, SHAPE),
)
def test_pictures_without_an_unanswered_yes_are_worth_nothing_and_none_less(
    labels: npt.NDArray[Any],
    probabilities: npt.NDArray[Any],
    doubted: npt.NDArray[Any],
    answered: npt.NDArray[Any],
) -> None:
    worth = worth_asking(labels, judged(probabilities, doubted & (labels >= 0)), answered)
    assert np.isfinite(worth).all()
    assert (worth >= 0).all()
    assert (worth[~((labels == 1) & ~answered).any(axis=1)] == 0).all()


@pytest.mark.parametrize("sure", [0.001, 0.999])
def test_what_is_sure_is_worth_less_than_what_is_not(sure: float) -> None:
    labels = np.ones(SHAPE, np.int8)
    labels[20:] = 0
    probabilities = np.full(SHAPE, sure)
    probabilities[0] = 0.4
    nobody = np.zeros(SHAPE, bool)
    worth = worth_asking(labels, judged(probabilities, nobody), nobody)
    assert worth.argmax() == 0


def test_the_same_doubt_about_a_rarer_tag_is_worth_more() -> None:
    labels = np.zeros(SHAPE, np.int8)
    labels[:20, 0] = 1
    labels[25:, 1] = 1
    nobody = np.zeros(SHAPE, bool)
    worth = worth_asking(labels, judged(np.full(SHAPE, 0.3), nobody), nobody)
    assert worth[25:].min() > worth[:20].max()
