"""What a picture's group says of its labels, and that heads learn how far to believe it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.label_noise.kin import SCALE, said_of_kin
from edgetag.label_noise.leaving_out import labels_to_leave_out


def test_others_of_the_group_speak_and_neither_the_picture_itself_nor_what_does_not_count() -> None:
    labels = np.array([True, True, False, True, False])
    groups = ["a", "a", "a", "b", "a"]
    counted = np.array([True, True, True, True, False])
    shares = said_of_kin(labels, groups, counted) / SCALE
    expected = np.array([[1 / 3, 1 / 3], [1 / 3, 1 / 3], [2 / 3, 0], [0, 0], [2 / 4, 1 / 4]])
    np.testing.assert_allclose(shares, expected, rtol=1e-6)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.booleans()), min_size=1))
def test_a_label_changes_nothing_that_is_said_of_its_own_picture(
    pictures: list[tuple[bool, str, bool]],
) -> None:
    labels, groups, counted = (list(each) for each in zip(*pictures, strict=True))
    turned = [not labels[0], *labels[1:]]
    one_way, other_way = (
        said_of_kin(np.array(each), groups, np.array(counted)) for each in (labels, turned)
    )
    np.testing.assert_array_equal(one_way[0], other_way[0])
    assert one_way.min() >= 0
    assert one_way.max() < SCALE


def left_out(*, alike: bool, known: bool) -> tuple[int, int]:
    """Return how many wrong and right labels are left out, over ten drawings of 600 pictures.

    Args:
        alike: Whether the four pictures of a group have the same truth.
        known: Whether their groups are known.
    """
    wrong_ones = right_ones = 0
    for seed in range(10):
        generator = np.random.default_rng(seed)
        groups = np.repeat(np.arange(150), 4)
        truth = (generator.random(150)[groups] if alike else generator.random(600)) < 0.4
        features = generator.normal(size=(600, 8)).astype(np.float32)
        features[:, 0] += 1.5 * truth  # which shows the tag, but faintly
        wrong = generator.random(600) < 0.1
        labels = np.where(wrong, ~truth, truth).astype(np.int8)[:, None]
        names = [str(name) for name in (groups if known else range(600))]
        cells = labels_to_leave_out(features, labels, names, np.zeros(labels.shape, bool)).cells
        wrong_ones += int(cells[wrong].sum())
        right_ones += int(cells[~wrong].sum())
    return wrong_ones, right_ones


@pytest.mark.slow
def test_of_groups_that_are_alike_more_wrong_labels_are_left_out_and_hardly_a_right_one() -> None:
    wrong_alone, right_alone = left_out(alike=True, known=False)
    wrong_by_kin, right_by_kin = left_out(alike=True, known=True)
    assert wrong_by_kin > 1.3 * wrong_alone
    assert right_by_kin < 0.1 * right_alone


@pytest.mark.slow
def test_groups_that_have_nothing_in_common_change_little() -> None:
    wrong_alone, right_alone = left_out(alike=False, known=False)
    wrong_by_kin, right_by_kin = left_out(alike=False, known=True)
    assert wrong_by_kin > 0.9 * wrong_alone
    assert right_by_kin < 1.25 * right_alone
