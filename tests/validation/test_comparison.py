import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import average_precision_score, f1_score

from edgetag.tags import Vocabulary
from edgetag.validation.comparison import Comparison, compare
from edgetag.validation.metrics import Measured, Split
from tests.support.splits import split_over

TAGS = Vocabulary(("cat", "dog", "rare"))
THRESHOLDS = {"cat": 0.5, "dog": 0.3, "rare": 0.5}


def split(labels: npt.NDArray[Any], groups: list[str] | None = None) -> Split:
    return split_over(labels, TAGS, groups, min_positives=10, samples=300)


def case(seed: int = 0) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Labels with unknown cells, reference scores, and worse scores for `dog`."""
    generator = np.random.default_rng(seed)
    labels = (generator.random((300, 3)) < [0.4, 0.3, 0.01]).astype(np.int8)
    reference = np.clip(labels * 0.3 + generator.random((300, 3)) * 0.7, 0, 1).astype(np.float32)
    labels[generator.random((300, 3)) < 0.1] = -1
    variant = reference.copy()
    variant[:, 1] = generator.permutation(variant[:, 1])
    return labels, reference, variant


def compared(
    labels: npt.NDArray[Any], reference: npt.NDArray[Any], variant: npt.NDArray[Any]
) -> Comparison:
    return compared_over(split(labels), reference, variant)


def compared_over(
    over: Split, reference: npt.NDArray[Any], variant: npt.NDArray[Any]
) -> Comparison:
    after = Measured(variant, over, THRESHOLDS)
    return compare(Measured(reference, over, THRESHOLDS), after, after)


def test_a_variant_equal_to_the_reference_loses_nothing() -> None:
    labels, reference, _ = case()
    result = compared(labels, reference, reference)
    assert result.mean_ap is not None
    assert result.mean_ap.drop == 0
    assert result.mean_ap.drop_interval == (0.0, 0.0)
    assert result.flip_rate == 0
    assert result.largest_score_difference == 0


def test_numbers_equal_scikit_learns_over_known_labels() -> None:
    labels, reference, variant = case()
    result = compared(labels, reference, variant)
    assert set(result.tags) == {"cat", "dog"}
    drops = []
    for column, tag in enumerate(("cat", "dog")):
        known = labels[:, column] >= 0
        truth = labels[known, column]
        was = average_precision_score(truth, reference[known, column])
        now = average_precision_score(truth, variant[known, column])
        drops.append(was - now)
        assert result.tags[tag].ap.value == pytest.approx(now)
        assert result.tags[tag].ap.drop == pytest.approx(was - now)
        decided = variant[known, column] >= np.float32(THRESHOLDS[tag])
        assert result.tags[tag].f1.value == pytest.approx(f1_score(truth, decided))
        assert result.tags[tag].recall.measure.value == pytest.approx(decided[truth == 1].mean())
        assert result.tags[tag].fpr.measure.value == pytest.approx(decided[truth == 0].mean())
    assert result.mean_ap is not None
    assert result.mean_ap.drop == pytest.approx(np.mean(drops))


def test_a_real_loss_lies_outside_chance() -> None:
    result = compared(*case())
    interval = result.tags["dog"].ap.drop_interval
    assert interval is not None
    assert interval[0] > 0.05
    assert interval[0] < result.tags["dog"].ap.drop < interval[1]


def test_the_interval_of_a_drop_of_f1_is_that_of_its_draws() -> None:
    labels, reference, variant = case()
    result = compared(labels, reference, variant)
    over = split(labels)
    before, after = (Measured(scores, over, THRESHOLDS) for scores in (reference, variant))
    for column, tag in enumerate(("cat", "dog")):
        drops = (before.f1_samples - after.f1_samples)[:, column]
        ends = np.quantile(drops, [0.025, 0.975])
        interval = result.tags[tag].f1.drop_interval
        assert interval is not None
        assert interval == pytest.approx(tuple(ends))
    assert result.tags["cat"].f1.drop_interval == (0.0, 0.0)  # which has the same scores
    assert result.mean_f1 is not None
    assert result.mean_f1.drop_interval is not None
    assert result.mean_f1.drop_interval[0] > 0.0
    same = compared(labels, reference, reference).mean_f1
    assert same is not None
    assert same.drop_interval == (0.0, 0.0)


def test_unknown_cells_change_nothing() -> None:
    labels, reference, variant = case()
    before = compared(labels, reference, variant)
    unknown = labels < 0
    reference, variant = reference.copy(), variant.copy()
    reference[unknown], variant[unknown] = 0.0, 1.0
    after = compared(labels, reference, variant)
    assert after.logit_rmse.value > before.logit_rmse.value  # which asks for no label
    assert replace(after, logit_rmse=before.logit_rmse) == before


def test_the_distance_is_the_root_mean_square_of_logits_half_a_step_from_0_and_1() -> None:
    labels = np.zeros((40, 3), dtype=np.int8)
    reference = np.full((40, 3), 0.5, dtype=np.float32)
    variant = reference.copy()
    variant[:, 0] = 1 / (1 + np.exp(-0.3))
    variant[:, 1] = 0.0  # an 8-bit score of 0 is below 1/512
    distance = compared(labels, reference, variant).logit_rmse
    assert distance.value == pytest.approx(np.sqrt((0.3**2 + np.log(511) ** 2) / 3), rel=1e-6)
    assert distance.drop_interval == pytest.approx((distance.value, distance.value))


def test_the_interval_of_the_distance_is_that_of_groups() -> None:
    labels, reference, variant = case()
    alone = compared(labels, reference, variant).logit_rmse
    twice = [np.concatenate([scores, scores]) for scores in (labels, reference, variant)]
    paired = split(twice[0], [str(i % len(labels)) for i in range(2 * len(labels))])
    together = compared_over(paired, *twice[1:]).logit_rmse
    assert alone.drop_interval is not None
    assert alone.drop_interval[0] < alone.value < alone.drop_interval[1]
    assert together.drop_interval == pytest.approx(alone.drop_interval)


def test_flips_are_counted_where_decisions_differ() -> None:
    labels = np.tile(np.array([[1, 0, 0], [0, 1, 0]], dtype=np.int8), (20, 1))
    labels[0, 0] = -1
    reference = np.full((40, 3), 0.4, dtype=np.float32)
    variant = reference.copy()
    variant[:4, 0] = 0.6  # crosses 0.5; the first of them is unknown
    result = compared(labels, reference, variant)
    assert (result.tags["cat"].lost, result.tags["cat"].gained) == (0, 3)
    assert result.flip_rate == pytest.approx(3 / 119)
    assert result.largest_score_difference == pytest.approx(0.2)
    assert result.mean_score_difference == pytest.approx(3 * 0.2 / 119)


def test_a_score_equal_to_its_threshold_counts_as_present() -> None:
    labels = np.ones((1, 3), dtype=np.int8)
    scores = np.array([[0.5, 0.3, 0.5]], dtype=np.float32)
    assert Measured(scores, split(labels), THRESHOLDS).decisions.all()


def test_without_scored_tags_there_are_no_means() -> None:
    labels = np.zeros((30, 3), dtype=np.int8)
    scores = np.full((30, 3), 0.2, dtype=np.float32)
    result = compared(labels, scores, scores)
    assert result.mean_ap is None
    assert result.mean_f1 is None
    assert not result.tags
    assert result.flip_rate == 0


def test_a_tag_that_everything_has_is_not_scored() -> None:
    labels = np.ones((30, 3), dtype=np.int8)
    assert split(labels).scored == []


def test_without_known_labels_nothing_is_measured() -> None:
    labels = np.full((30, 3), -1, dtype=np.int8)
    scores = np.full((30, 3), 0.2, dtype=np.float32)
    result = compared(labels, scores, scores)
    assert result.flip_rate is None
    assert result.largest_score_difference is None


def test_a_single_known_cell_is_measured() -> None:
    labels = np.full((30, 3), -1, dtype=np.int8)
    labels[4, 1] = 0
    before = np.full((30, 3), 0.25, dtype=np.float32)
    after = before.copy()
    after[4, 1] = after[5, 0] = 0.75  # the second one is not known
    result = compared(labels, before, after)
    assert (result.flips, result.flip_rate) == (1, 1.0)
    assert result.largest_score_difference == result.mean_score_difference == 0.5


def test_two_groups_are_enough_for_an_interval() -> None:
    labels, reference, variant = case()
    halves = [str(number % 2) for number in range(len(labels))]
    result = compared_over(split(labels, halves), reference, variant)
    assert result.mean_ap is not None
    assert result.mean_ap.drop_interval is not None


def test_a_single_group_gives_no_interval() -> None:
    labels, reference, variant = case()
    over = split(labels, ["one"] * len(labels))
    result = compared_over(over, reference, variant)
    assert result.mean_ap is not None
    assert result.mean_ap.drop_interval is None
    assert math.isfinite(result.mean_ap.drop)
    for tag in result.tags.values():
        measures = (tag.ap, tag.f1, tag.recall.measure, tag.fpr.measure)
        assert [one.drop_interval for one in measures] == [None] * 4


@pytest.mark.parametrize("label", [1, 0])
def test_images_of_one_group_give_no_interval_of_what_they_alone_tell(label: int) -> None:
    labels, reference, variant = case()
    kin = labels[:, 0] == label
    groups = ["kin" if one else str(row) for row, one in enumerate(kin.tolist())]
    result = compared_over(split(labels, groups), reference, variant)
    cat, dog = result.tags["cat"], result.tags["dog"]
    assert (cat.recall.measure.drop_interval is None) == (label == 1)
    assert (cat.fpr.measure.drop_interval is None) == (label == 0)
    assert cat.ap.drop_interval is cat.f1.drop_interval is None
    assert dog.recall.measure.drop_interval is not None
    assert dog.ap.drop_interval is not None
    assert result.mean_ap is not None
    assert result.mean_ap.drop_interval is not None
