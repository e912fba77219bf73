"""Which images are chosen, and what a mistake is said to cost."""

import numpy as np

from edgetag.explaining.costs import cost_of
from edgetag.explaining.mistakes import Mistake
from edgetag.explaining.result import MistakeCost
from edgetag.labels import UNKNOWN, Labels
from edgetag.metrics import Scores
from edgetag.validation.metrics import Measured
from tests.support.splits import split_over

MISTAKE = Mistake("upside_down", "Turns it.", "It is wrong.")
IMAGES = 60


def labels() -> Labels:
    """Tag 0 on every third image, tag 1 on every second, tag 2 on none."""
    found = np.zeros((IMAGES, 3), dtype=np.int8)
    found[::3, 0] = found[::2, 1] = 1
    return found


def scores(truth: Labels) -> Scores:
    generator = np.random.default_rng(8)
    return (0.1 + 0.8 * (truth == 1) + generator.uniform(-0.1, 0.1, truth.shape)).astype(np.float32)


def judged(truth: Labels, right: Scores, wrong: Scores) -> MistakeCost:
    split = split_over(truth, ("a", "b", "c"), min_positives=5)
    thresholds = dict.fromkeys(("a", "b", "c"), 0.5)
    first, second = (Measured(each, split, thresholds) for each in (right, wrong))
    return cost_of(MISTAKE, first, second, IMAGES)


def test_the_same_scores_cost_nothing() -> None:
    truth = labels()
    cost = judged(truth, scores(truth), scores(truth))
    assert (cost.map, cost.map_drop, cost.map_drop_interval) == (1.0, 0.0, (0.0, 0.0))
    assert (cost.flip_rate, cost.mean_score_difference, cost.tags_hurt) == (0.0, 0.0, ())


def test_a_tag_that_goes_wrong_is_named_and_the_others_are_not() -> None:
    truth = labels()
    wrong = scores(truth)
    wrong[:, 1] = 1 - wrong[:, 1]
    cost = judged(truth, scores(truth), wrong)
    assert cost.tags_hurt == ("b",)
    assert cost.flip_rate == 1 / 3
    assert cost.map_drop is not None
    assert cost.map_drop_interval is not None
    assert 0 < cost.map_drop_interval[0] < cost.map_drop < cost.map_drop_interval[1]
    assert cost.map == 1.0 - cost.map_drop


def test_unknown_labels_count_in_no_decision() -> None:
    truth = labels()
    right, wrong = scores(truth), scores(truth)
    wrong[:10] = 1 - wrong[:10]
    truth[:10] = UNKNOWN
    cost = judged(truth, right, wrong)
    assert (cost.flip_rate, cost.map_drop) == (0.0, 0.0)
    assert cost.mean_score_difference > 0


def test_without_a_scored_tag_there_is_no_average_precision() -> None:
    truth = np.full((IMAGES, 3), UNKNOWN, dtype=np.int8)
    right = scores(labels())
    cost = judged(truth, right, 1 - right)
    assert (cost.map, cost.map_drop, cost.map_drop_interval, cost.flip_rate) == (None,) * 4
    assert cost.tags_hurt == ()
    assert cost.mean_score_difference > 0
