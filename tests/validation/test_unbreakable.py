"""A margin that is no smaller than what the reference has judges nothing, and is told."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from edgetag.recipe import Budget, DataSection, Recipe, TagBudget
from edgetag.tags import Vocabulary
from edgetag.validation.metrics import Measured
from edgetag.validation.unbreakable import unbreakable, without_pictures
from tests.support.splits import split_over

TAGS = Vocabulary(("cat", "rare"))


def found_cats(budget: Budget, tmp_source: Path) -> tuple[Recipe, Measured]:
    """Return a reference that finds 3 of 10 cats, with one false alarm in ten."""
    labels = np.zeros((20, 2), np.int8)
    labels[:10, 0] = 1
    labels[0, 1] = 1
    scores = np.full((20, 2), 0.1, np.float32)
    scores[:3, 0] = 0.9
    scores[19, 0] = 0.95
    split = split_over(labels, TAGS, min_positives=5)
    reference = Measured(scores, split, {"cat": 0.5, "rare": 0.5})
    data = DataSection(source=tmp_source, tags=TAGS.names)
    return Recipe(name="x", data=data, budgets={"default": budget}), reference


def told(budget: Budget, tmp_source: Path) -> list[str]:
    recipe, reference = found_cats(budget, tmp_source)
    return [
        sentence.split(" can never be broken")[0] for sentence in unbreakable(recipe, reference)
    ]


def test_margins_beyond_the_references_own_values_are_told(tmp_path: Path) -> None:
    wide = Budget(max_map_drop=0.9, max_recall_drop=0.3, max_fpr_rise=0.9, max_ap_drop=0.99)
    assert told(wide, tmp_path) == [
        "budgets.default.max_map_drop = 0.9",
        "budgets.default, cat: max_recall_drop = 0.3",
        "budgets.default, cat: max_ap_drop = 0.99",
        "budgets.default, cat: max_fpr_rise = 0.9",
    ]


def test_margins_that_a_loss_could_exceed_are_not(tmp_path: Path) -> None:
    tight = Budget(max_map_drop=0.3, max_recall_drop=0.2, max_fpr_rise=0.8, max_ap_drop=0.3)
    assert told(tight, tmp_path) == []


def test_margins_of_a_tag_that_is_not_scored_are_passed_over(tmp_path: Path) -> None:
    assert told(Budget(tags={"rare": TagBudget(max_recall_drop=0.99)}), tmp_path) == []


def test_a_tag_with_margins_of_its_own_and_too_few_pictures_is_told(tmp_path: Path) -> None:
    own = TagBudget(max_recall_drop=0.02)
    budget = Budget(max_ap_drop=0.1, tags={"rare": own, "cat": own})
    recipe, reference = found_cats(budget, tmp_path)
    assert list(without_pictures(recipe, reference.split, "test")) == [
        "budgets.default.tags.rare cannot be shown to be kept, so that no file passes: rare has 1 "
        "positive in test, beside 19 negatives, and validation.min_positives is 5; add labelled "
        "images, or take these margins out"
    ]
    for without_effect in (TagBudget(), TagBudget(max_recall_drop=1.0)):
        budget = Budget(max_ap_drop=0.1, tags={"rare": without_effect})
        common = found_cats(budget, tmp_path)[0]
        assert list(without_pictures(common, reference.split, "test")) == []


def test_a_margin_from_the_reference_s_own_mean_on_is_told_and_one_of_1_is_meant_so(
    tmp_path: Path,
) -> None:
    # Three of ten cats lie behind one false alarm, at one score; the others' scores are all equal.
    own = 3 / 10 * 3 / 4 + 7 / 10 * 10 / 20
    truth, scores = [1] * 10 + [0] * 10, [0.9] * 3 + [0.1] * 16 + [0.95]
    counted = float(average_precision_score(truth, scores))
    assert counted == pytest.approx(own)
    assert told(Budget(max_map_drop=counted), tmp_path)
    assert told(Budget(max_map_drop=own + 1e-9), tmp_path)
    assert not told(Budget(max_map_drop=own - 1e-9), tmp_path)
    ones = Budget(max_map_drop=1.0, max_recall_drop=1.0, max_fpr_rise=1.0, max_ap_drop=1.0)
    assert told(ones, tmp_path) == []
