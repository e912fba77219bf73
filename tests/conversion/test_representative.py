"""Which images calibrate."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgetag.conversion.representative import stratified_positions, with_full_range

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=30)


def test_every_tag_and_no_tag_are_seen() -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros((10_000, 4), dtype=np.int8)
    labels[rng.choice(10_000, 5_000, replace=False), 0] = 1
    labels[[17, 4711], 1] = 1
    labels[100:200, 2] = 1
    labels[:, 3] = -1
    chosen = labels[stratified_positions(labels, 40, seed=1)]
    assert len(chosen) == 40
    assert (chosen[:, 1] == 1).sum() == 2  # both of the rare ones
    assert (chosen[:, 2] == 1).sum() >= 10
    assert (chosen == 1).any(axis=1).sum() <= 30  # the rest have no tag


@pytest.mark.slow
@given(
    labels=arrays(np.int8, SHAPES, elements=st.integers(-1, 1)),
    count=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_choices_are_distinct_complete_and_repeatable(
    labels: npt.NDArray[Any], count: int, seed: int
) -> None:
    chosen = stratified_positions(labels, count, seed)
    assert len(chosen) == len(set(chosen.tolist())) == min(count, len(labels))
    np.testing.assert_array_equal(chosen, stratified_positions(labels, count, seed))


def test_the_whole_byte_range_is_seen_without_touching_the_cache() -> None:
    images = np.full((3, 8, 8, 3), 90, dtype=np.uint8)
    ranged = with_full_range(images)
    assert (ranged.min(), ranged.max()) == (0, 255)
    assert (images == 90).all()
    assert (ranged != images).sum() == 6  # two pixels of one image
