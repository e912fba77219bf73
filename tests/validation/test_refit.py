"""A variant's own thresholds."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.recipe import ThresholdSection
from edgetag.tags import Vocabulary
from edgetag.training.thresholds import choose_thresholds
from edgetag.validation.metrics import Split, f1
from edgetag.validation.refit import refit_thresholds
from tests.support.splits import split_over

TAGS = Vocabulary(("cat", "rare"))
OLD = {"cat": 0.5, "rare": 0.123}


def validation_split(groups: list[str] | None = None) -> tuple[npt.NDArray[Any], Split]:
    """300 images; a third are cats, none but two are rare, a tenth is unknown."""
    generator = np.random.default_rng(0)
    labels = np.zeros((300, 2), dtype=np.int8)
    labels[:100, 0] = 1
    labels[:2, 1] = 1
    scores = np.clip(0.3 + 0.4 * labels + generator.normal(0, 0.12, labels.shape), 0, 1)
    labels[generator.random(labels.shape) < 0.1] = -1
    split = split_over(labels, TAGS, groups, samples=300)
    return scores.astype(np.float32), split


@pytest.mark.parametrize(
    "section",
    [ThresholdSection(), ThresholdSection(policy="recall_at_fpr", max_fpr=0.05)],
)
def test_scores_that_moved_together_move_the_threshold_with_them(section: ThresholdSection) -> None:
    scores, split = validation_split()
    found = refit_thresholds(scores * np.float32(0.5), split, section, OLD)
    best = choose_thresholds(scores, split.labels, TAGS, section, "").thresholds
    assert found["cat"] == pytest.approx(best["cat"] / 2, abs=0.02)


def test_a_threshold_that_serves_about_as_well_stays() -> None:
    scores, split = validation_split()
    best = choose_thresholds(scores, split.labels, TAGS, ThresholdSection(), "").thresholds
    near = {**OLD, "cat": best["cat"] + 0.01}
    old, new = scores >= np.float32(near["cat"]), scores >= np.float32(best["cat"])
    assert f1(new, split.labels)[0] > f1(old, split.labels)[0]  # better, but not beyond chance
    assert refit_thresholds(scores, split, ThresholdSection(), near) == near


@pytest.mark.parametrize("positives", [range(300), range(100)])
def test_pictures_of_one_group_move_no_threshold(positives: range) -> None:
    groups = ["kin" if number in positives else str(number) for number in range(300)]
    scores, split = validation_split(groups)
    section = ThresholdSection(policy="recall_at_fpr", max_fpr=0.05)
    for policy in (ThresholdSection(), section):
        assert refit_thresholds(scores * np.float32(0.5), split, policy, OLD) == OLD


def test_a_tag_too_rare_to_fit_keeps_the_reference_s() -> None:
    scores, split = validation_split()
    assert refit_thresholds(scores, split, ThresholdSection(), OLD)["rare"] == OLD["rare"]


def test_a_tag_too_rare_to_fit_keeps_the_reference_s_however_many_alarms_that_raises() -> None:
    scores, split = validation_split()
    assert (scores[split.labels[:, 1] == 0, 1] >= OLD["rare"]).mean() > 0.9  # where 5 % may
    section = ThresholdSection(policy="recall_at_fpr", max_fpr=0.05)
    assert refit_thresholds(scores, split, section, OLD)["rare"] == OLD["rare"]


def test_fixed_thresholds_stay() -> None:
    scores, split = validation_split()
    section = ThresholdSection(policy="fixed", value=0.7)
    assert refit_thresholds(scores / 2, split, section, OLD) == OLD


def test_a_refit_never_does_worse_where_it_was_fitted() -> None:
    scores, split = validation_split()
    halved = scores * np.float32(0.5)
    found = refit_thresholds(halved, split, ThresholdSection(), OLD)
    new = np.array(list(found.values()), dtype=np.float32)
    old = np.array(list(OLD.values()), dtype=np.float32)
    assert (f1(halved >= new, split.labels) >= f1(halved >= old, split.labels)).all()
    assert f1(halved >= new, split.labels)[0] > f1(halved >= old, split.labels)[0]


def aimed(share: float, alarms: float) -> tuple[npt.NDArray[np.float32], Split]:
    """400 cats and 400 others; 0.4 is reached by so many of each, 0.6 by 300 cats and 4 others."""
    labels = np.zeros((800, 1), dtype=np.int8)
    labels[:400] = 1
    scores = np.full((800, 1), 0.1, dtype=np.float32)
    scores[: int(400 * share)] = 0.4
    scores[:300] = 0.6
    scores[400 : 400 + int(400 * alarms)] = 0.4
    scores[400:404] = 0.6
    split = split_over(labels, ("cat",), samples=300)
    return scores, split


AT_5 = ThresholdSection(policy="recall_at_fpr", max_fpr=0.05)


def test_at_a_limit_of_false_positives_what_sees_more_is_better() -> None:
    scores, split = aimed(share=0.9, alarms=0.03)
    assert refit_thresholds(scores, split, AT_5, {"cat": 0.6})["cat"] <= 0.4


def test_at_a_limit_of_false_positives_what_sees_more_without_an_alarm_more_is_better() -> None:
    scores, split = aimed(share=0.9, alarms=0.01)  # the 4 others that 0.6 has already
    assert refit_thresholds(scores, split, AT_5, {"cat": 0.6})["cat"] <= 0.4


def test_a_threshold_that_nothing_reaches_goes_where_everything_does() -> None:
    scores, split = aimed(share=0.9, alarms=0.03)
    alike = np.full_like(scores, 0.5)
    assert refit_thresholds(alike, split, ThresholdSection(), {"cat": 0.9})["cat"] <= 0.5


def test_at_a_limit_of_false_positives_what_sees_as_much_stays() -> None:
    scores, split = aimed(share=0.75, alarms=0.03)  # no cat more, only alarms
    assert refit_thresholds(scores, split, AT_5, {"cat": 0.35}) == {"cat": 0.35}


def test_a_threshold_that_raises_too_many_alarms_goes_though_it_sees_more() -> None:
    scores, split = aimed(share=0.9, alarms=0.2)
    assert refit_thresholds(scores, split, AT_5, {"cat": 0.35})["cat"] > 0.4


def test_what_may_be_within_the_limit_of_alarms_by_chance_stays() -> None:
    scores, split = aimed(share=0.9, alarms=0.06)  # 24 of 400 where 20 are allowed
    assert refit_thresholds(scores, split, AT_5, {"cat": 0.35}) == {"cat": 0.35}


def test_a_score_that_is_its_threshold_counts_when_thresholds_are_compared() -> None:
    # The old threshold and the new one decide alike: nothing moves.
    scores, split = aimed(share=0.9, alarms=0.03)
    new = choose_thresholds(scores, split.labels, split.vocabulary, AT_5, "").thresholds["cat"]
    between = float(np.float32(0.4))
    assert new <= between
    assert refit_thresholds(scores, split, AT_5, {"cat": between}) == {"cat": between}
