"""What is pasted into training pictures lies inside them, and their labels say what is seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.pixels import Pixels
from edgetag.training.composites import (
    LARGEST,
    SMALLEST,
    cell_labels,
    ground,
    joined_labels,
    layer,
    plan,
)

SIZE = 64
RED = (200, 20, 20)


def drawing(ground_color: int = 240) -> Pixels:
    """Return a red ring with a hole of the ground's colour, 20 px wide, on a plain ground."""
    image = np.full((SIZE, SIZE, 3), ground_color, np.uint8)
    image[10:30, 40:60] = RED
    image[18:22, 48:52] = ground_color
    return image


def test_a_drawing_is_cut_out_of_its_ground_with_what_it_encloses() -> None:
    made = layer(drawing(), side=0.5, left=0.0, top=1.0)
    solid = made[..., 3] == 255
    rows, columns = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (32, 63, 0, 31)
    assert solid[32:, :32].all()
    assert (made[32:38, :32, :3] == RED).all()
    assert (made[47:49, 15:17, :3] == 240).all()


def test_a_picture_without_a_plain_ground_stays_a_rectangle() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    made = layer(photo, side=0.25, left=1.0, top=0.0)
    assert (made[:16, 48:, 3] == 255).all()
    assert made[..., 3].sum() == 16 * 16 * 255


@pytest.mark.parametrize("color", [0, 128, 255])
def test_a_blank_picture_is_pasted_whole(color: int) -> None:
    made = layer(np.full((SIZE, SIZE, 3), color, np.uint8), side=0.5, left=0.5, top=0.5)
    assert (made[16:48, 16:48] == (color, color, color, 255)).all()


@given(
    side=st.floats(SMALLEST, LARGEST),
    left=st.floats(0, 1),
    top=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_all_of_a_thing_lies_inside_at_its_size(
    side: float, left: float, top: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    image = np.full((SIZE, SIZE, 3), 7, np.uint8)
    width, height = random.integers(8, SIZE, 2)
    image[1 : 1 + height, 1 : 1 + width] = RED
    solid = layer(image, side, left, top)[..., 3] > 0
    longer = max(np.count_nonzero(solid.any(axis=axis)) for axis in (0, 1))
    assert longer == round(side * SIZE)


def test_a_ground_has_the_colours_and_shows_no_thing() -> None:
    made = ground(drawing())
    assert made.shape == (SIZE, SIZE, 3)
    assert abs(made.mean() - drawing().mean()) < 8
    steps = np.abs(np.diff(made.astype(int), axis=0)).max()
    assert steps < 20 < np.abs(np.diff(drawing().astype(int), axis=0)).max()


def test_a_tag_applies_where_it_does_to_a_picture_that_is_seen() -> None:
    states = (1, 0, -1)
    under = np.array([[state] for state in states for _ in states], np.int8)
    pasted = np.array([[state] for _ in states for state in states], np.int8)
    both = joined_labels(under, pasted, np.zeros(9, bool)).ravel().tolist()
    assert both == [1, 1, 1, 1, 0, -1, 1, -1, -1]
    alone = joined_labels(under, pasted, np.ones(9, bool))
    np.testing.assert_array_equal(alone, pasted)


def test_cells_are_labelled_where_the_pasted_picture_alone_has_a_tag() -> None:
    layers = np.zeros((2, SIZE, SIZE, 4), np.uint8)
    layers[:, :16, 16:40, 3] = 255
    under = np.array([[0, 1, -1, 0], [0, 1, -1, 0]], np.int8)
    pasted = np.array([[1, 1, 1, 0], [1, 1, 1, 0]], np.int8)
    cells = cell_labels(under, pasted, np.array([False, True]), layers, 4)
    np.testing.assert_allclose(cells[0, 0, :, 0], [0, 1, 0.5, 0], atol=0.01)
    assert not cells[0, 1:, :, 0].any()
    assert (cells[0, ..., 1:] == -1).all()
    np.testing.assert_array_equal(cells[1, ..., :3], np.repeat(cells[0, ..., :1], 3, axis=2))
    assert (cells[1, ..., 3] == -1).all()


def test_rare_tags_are_pasted_as_often_as_frequent_ones() -> None:
    labels = np.zeros((1000, 3), np.int8)
    labels[:500, 0] = labels[999, 1] = 1  # the third is of no picture
    drawn = plan(labels, 9000, share=0.5, seed=1, step=0)
    assert 0.3 < (drawn.rows == 999).mean() < 0.37
    assert 0.47 < (labels[drawn.rows, 0] == 1).mean() < 0.53  # a third, and half of a third
    assert 0.47 < drawn.pasted.mean() < 0.53


def test_what_is_pasted_follows_from_seed_and_step() -> None:
    labels = np.eye(4, dtype=np.int8)
    first, same = (plan(labels, 32, 0.5, seed=3, step=7).rows for _ in range(2))
    np.testing.assert_array_equal(first, same)
    assert (plan(labels, 32, 0.5, seed=3, step=8).rows != first).any()
    assert (plan(labels, 32, 0.5, seed=4, step=7).rows != first).any()
