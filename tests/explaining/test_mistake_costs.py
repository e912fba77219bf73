"""Which images are chosen, and what a mistake is said to cost."""

import numpy as np

from edgetag.explaining.costs import Judge
from edgetag.explaining.mistakes import Mistake
from edgetag.labels import UNKNOWN, Labels
from edgetag.metrics import Scores
from edgetag.validation.statistics import Bootstrap

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


def judge(truth: Labels, right: Scores) -> Judge:
    groups = [str(number) for number in range(len(truth))]
    return Judge(
        right=right,
        labels=truth,
        names=("a", "b", "c"),
        thresholds=np.full(3, 0.5, np.float32),
        min_positives=5,
        bootstrap=Bootstrap.over(groups, 200, 1),
        confidence=0.95,
    )


def test_the_same_scores_cost_nothing() -> None:
    truth = labels()
    cost = judge(truth, scores(truth)).cost(MISTAKE, scores(truth), IMAGES)
    assert (cost.map, cost.map_drop, cost.map_drop_interval) == (1.0, 0.0, (0.0, 0.0))
    assert (cost.flip_rate, cost.mean_score_difference, cost.tags_hurt) == (0.0, 0.0, ())


def test_a_tag_that_goes_wrong_is_named_and_the_others_are_not() -> None:
    truth = labels()
    wrong = scores(truth)
    wrong[:, 1] = 1 - wrong[:, 1]
    cost = judge(truth, scores(truth)).cost(MISTAKE, wrong, IMAGES)
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
    cost = judge(truth, right).cost(MISTAKE, wrong, 10)
    assert (cost.flip_rate, cost.map_drop) == (0.0, 0.0)
    assert cost.mean_score_difference > 0


def test_without_a_scored_tag_there_is_no_average_precision() -> None:
    truth = np.full((IMAGES, 3), UNKNOWN, dtype=np.int8)
    right = scores(labels())
    judged = judge(truth, right)
    cost = judged.cost(MISTAKE, 1 - right, IMAGES)
    assert (judged.map, judged.scored) == (None, [])
    assert (cost.map, cost.map_drop, cost.map_drop_interval, cost.flip_rate) == (None,) * 4
    assert cost.tags_hurt == ()
    assert cost.mean_score_difference > 0
