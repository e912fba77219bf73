"""What was lost beyond chance is told, judged or not, and marked where a kept margin allows it."""

from dataclasses import replace

import numpy as np
import pytest

from edgetag.recipe import Budget, TagBudget
from edgetag.tags import Vocabulary
from edgetag.validation.comparison import Comparison, compare
from edgetag.validation.decision import check_overall, check_tags
from edgetag.validation.losses import significant_losses
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.proportions import holm
from edgetag.validation.result import Loss
from edgetag.validation.statistics import chance_at_most
from tests.support.splits import split_over

TAGS = Vocabulary(("cat", "dog", "food"))
THRESHOLDS = dict.fromkeys(TAGS.names, 0.5)


def compared(
    lost: int = 0, invented: int = 0, groups: list[str] | None = None
) -> tuple[Comparison, Split]:
    """400 images; of `cat`, positives that the file no longer sees and negatives that it does."""
    generator = np.random.default_rng(3)
    labels = (generator.random((400, 3)) < 0.3).astype(np.int8)
    labels[:, 0] = np.arange(400) < 120
    before = np.where(labels == 1, 0.9, 0.1) + generator.uniform(-0.05, 0.05, labels.shape)
    after = before + generator.normal(0, 0.01, before.shape)
    after[:lost, 0] = 0.02
    after[120 : 120 + invented, 0] = 0.8
    split = split_over(labels, TAGS, groups, samples=300)
    scores = [Measured(one.astype(np.float32), split, THRESHOLDS) for one in (before, after)]
    return compare(scores[0], scores[1], scores[1]), split


def losses(lost: int = 0, invented: int = 0, budget: Budget | None = None) -> tuple[Loss, ...]:
    comparison, split = compared(lost, invented)
    overall = check_overall(budget or Budget(), comparison, split, 1, None)
    tags = check_tags(budget or Budget(), comparison, split)
    return significant_losses(comparison, overall, tags, split.confidence)


def test_a_file_that_lost_nothing_shows_no_loss() -> None:
    assert losses() == ()


def test_lost_positives_are_told_without_a_margin_and_of_their_tag_alone() -> None:
    found = losses(lost=30)
    assert {(one.tag, one.measure) for one in found} == {
        (None, "map"),
        ("cat", "recall"),
        ("cat", "f1"),
        ("cat", "ap"),
    }
    recall = next(one for one in found if one.measure == "recall")
    assert recall.drop == pytest.approx(30 / 120)
    assert recall.interval is not None
    assert recall.interval[0] > 0
    assert recall.p_holm is not None
    assert recall.p_holm < 0.025
    assert not any(one.within_margin for one in found)


def test_nothing_that_pictures_of_one_group_show_is_beyond_chance() -> None:
    comparison, split = compared(lost=30, groups=["kin"] * 400)
    assert significant_losses(comparison, (), {}, split.confidence) == ()


def test_losses_are_not_corrected_for_what_pictures_of_one_group_show() -> None:
    """The 120 positives of `cat` are of one group, so that two of the twelve measures tell nothing.

    These are recall of `cat`, and its average precision and F1, which need both kinds.
    """
    comparison, split = compared(
        invented=30, groups=["kin" if i < 120 else str(i) for i in range(400)]
    )
    (fpr,) = [
        loss
        for loss in significant_losses(comparison, (), {}, split.confidence)
        if loss.measure == "fpr"
    ]
    alone = comparison.tags["cat"].fpr.chance_beyond(0.0, comparison.design_effect)
    assert fpr.p_holm == pytest.approx(9 * alone)


def test_new_false_positives_are_told() -> None:
    assert ("cat", "fpr") in {(one.tag, one.measure) for one in losses(invented=30)}


def test_a_few_lost_positives_may_be_chance() -> None:
    assert not [one for one in losses(lost=4) if one.measure == "recall"]
    comparison, _ = compared(lost=1)
    assert comparison.mean_ap is not None
    interval = comparison.mean_ap.drop_interval
    assert interval is not None
    assert interval[0] <= 0 < interval[1]
    assert losses(lost=1) == ()


@pytest.mark.slow
def test_a_loss_is_told_from_the_chance_of_one_side_of_the_interval_on() -> None:
    """At 95 % that is 0.025, as for the margins, and not 0.05."""
    told = []
    for lost in range(2, 20):
        comparison, _ = compared(lost)
        effect = comparison.design_effect
        tests = [
            chance
            for one in comparison.tags.values()
            for chance in (
                one.recall.chance_beyond(0.0, effect),
                one.fpr.chance_beyond(0.0, effect),
                chance_at_most(one.f1_drops, 0.0),
                chance_at_most(one.ap_drops, 0.0),
            )
        ]
        told.append((holm(tests)[0], "recall" in {one.measure for one in losses(lost)}))
    assert any(0.025 < chance < 0.05 for chance, _ in told)
    assert [is_told for _, is_told in told] == [chance <= 0.025 for chance, _ in told]


def test_the_margin_of_the_mean_is_the_only_scored_tag_s_too() -> None:
    comparison, split = compared(lost=30)
    cat = comparison.tags["cat"]
    one_tag = replace(comparison, tags={"cat": cat}, mean_ap=cat.ap)

    def allowed(limit: float, compared_tags: Comparison) -> dict[str, bool]:
        overall = check_overall(Budget(max_map_drop=limit), compared_tags, split, 1, None)
        told = significant_losses(compared_tags, overall, {}, split.confidence)
        return {loss.measure: loss.within_margin for loss in told}

    everything = {"map": True, "recall": False, "f1": False, "ap": True}
    assert allowed(0.9, one_tag) == everything
    assert not any(allowed(0.001, one_tag).values())
    assert allowed(0.9, comparison) == everything | {"ap": False}


def told_of(drop: float, below: int) -> list[str]:
    """Tell what a tag lost whose F1 fell so much, and of 1,024 draws all but so many by 1."""
    drops = np.where(np.arange(1024) < below, 0.0, 1.0)
    comparison, _ = compared()
    cat = comparison.tags["cat"]
    lost = replace(
        cat, f1=replace(cat.f1, drop=drop), f1_drops=drops, ap_drops=np.zeros_like(drops)
    )
    one = replace(comparison, tags={"cat": lost})
    return [loss.measure for loss in significant_losses(one, (), {}, 15 / 16)]


def test_the_level_of_a_loss_is_half_of_what_confidence_leaves() -> None:
    # The other three chances are at least a half, so Holm multiplies this one by 4: 4 · 8 / 1024 is
    # 1 / 32, on the level.
    assert told_of(0.5, below=8) == ["f1"]
    assert told_of(0.5, below=9) == []


def test_what_has_not_moved_is_no_loss_whatever_its_draws_say() -> None:
    assert told_of(1e-9, below=1) == ["f1"]
    assert told_of(0.0, below=1) == []


@pytest.mark.parametrize(
    ("budget", "within"),
    [
        (Budget(max_map_drop=0.5), {"map"}),
        (Budget(max_recall_drop=0.5), {"recall"}),
        (Budget(max_recall_drop=0.05), set()),  # broken: it allows nothing
        (Budget(tags={"dog": TagBudget(max_recall_drop=0.5)}), set()),  # another tag's
        (Budget(max_recall_drop=0.5, max_fpr_rise=0.5), {"recall", "f1"}),
        (Budget(max_ap_drop=0.5), {"ap"}),
    ],
)
def test_a_loss_inside_a_kept_margin_is_marked(budget: Budget, within: set[str]) -> None:
    assert {one.measure for one in losses(30, 0, budget) if one.within_margin} == within


def test_a_chance_is_that_of_the_draws_and_reaches_below_one_of_them() -> None:
    generator = np.random.default_rng(5)
    draws = generator.normal(1.0, 1.0, 1000)
    assert chance_at_most(draws, 0.0) == pytest.approx(0.159, abs=0.02)
    assert 0.0 < chance_at_most(draws, -5.0) < 1e-6
    assert chance_at_most(np.full(10, np.nan), 0.0) == 1.0
    assert chance_at_most(np.zeros(10), 0.0) == 1.0
