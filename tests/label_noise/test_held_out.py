"""Labels that are wrong on purpose are among the first suspects, and kin never vouch for kin."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.label_noise.held_out import held_out_parts, held_out_probabilities, suspects

IMAGES, WIDTH = 400, 12


def pictures(seed: int = 0) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return features and the truth: a tag that shows, with some noise, in a few features."""
    generator = np.random.default_rng(seed)
    truth = generator.random(IMAGES) < 0.3
    features = generator.normal(size=(IMAGES, WIDTH)).astype(np.float32)
    features[:, :3] += 2.0 * truth[:, None]
    return features, truth


def judged(
    features: npt.NDArray[Any], labels: npt.NDArray[Any], groups: list[str], **more: Any
) -> npt.NDArray[Any]:
    return held_out_probabilities(features, labels, held_out_parts(labels, groups), **more)


def alone(count: int = IMAGES) -> list[str]:
    return [str(number) for number in range(count)]


@pytest.mark.parametrize("share", [0.05, 0.10])
def test_half_of_planted_errors_are_among_the_first_suspects(share: float) -> None:
    features, truth = pictures()
    planted = np.random.default_rng(1).choice(IMAGES, int(share * IMAGES), replace=False)
    labels = truth.copy()
    labels[planted] = ~labels[planted]
    probabilities = judged(features, labels, alone())
    given = np.where(labels, probabilities, 1 - probabilities)
    first = np.argsort(given)[: 2 * len(planted)]
    assert np.isin(planted, first).mean() >= 0.5
    listed = suspects(probabilities, labels)
    assert np.isin(listed, planted).mean() >= 0.5
    assert 0.5 * len(planted) <= len(listed) <= 2 * len(planted)


def test_right_labels_that_show_clearly_are_not_suspected() -> None:
    features, truth = pictures()
    features[:, :3] += 20.0 * truth[:, None]
    assert len(suspects(judged(features, truth, alone()), truth)) == 0


def test_kin_with_the_same_wrong_label_do_not_vouch_for_each_other() -> None:
    features, truth = pictures()
    twins = np.repeat(features, 4, axis=0)
    labels = np.repeat(truth, 4)
    wrong = np.flatnonzero(truth)[:10]
    for number in wrong:
        labels[4 * number : 4 * number + 4] = False
    groups = [str(row // 4) for row in range(len(labels))]
    held = judged(twins, labels, groups)
    assert np.median(held.reshape(-1, 4)[wrong]) > 0.5


def test_pictures_of_fewer_groups_than_parts_are_held_out_group_by_group() -> None:
    features, truth = pictures()
    groups = [str(row % 2) for row in range(IMAGES)]
    probabilities = judged(features, truth, groups, others=features[:3])
    assert len(probabilities) == IMAGES + 3
    assert np.isfinite(probabilities).all()
    assert np.mean((probabilities[:IMAGES] > 0.5) == truth) > 0.8


def test_a_part_that_gets_no_group_judges_nothing() -> None:
    # The tag is one of five groups: parts are filled by labels, and one of the five stays empty.
    sizes = {"a": 25, "b": 13, "the tag": 18, "c": 23, "d": 27}
    groups = [name for name, size in sizes.items() for _ in range(size)]
    labels = np.array([name == "the tag" for name in groups])
    features, _ = pictures()
    probabilities = judged(features[: len(groups)], labels, groups)
    assert np.isfinite(probabilities).all()


def test_the_same_features_and_labels_give_the_same_probabilities() -> None:
    features, truth = pictures()
    once, again = (judged(features, truth, alone()) for _ in range(2))
    assert np.array_equal(once, again)


def test_a_tag_whose_pictures_are_one_group_is_judged_all_the_same() -> None:
    features, truth = pictures()
    groups = ["kin" if has else str(row) for row, has in enumerate(truth.tolist())]
    probabilities = judged(features, truth, groups)
    assert np.isfinite(probabilities).all()
    assert np.all(probabilities[truth] == 0)
