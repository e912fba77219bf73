"""One comparison whose every number is worked out by hand, and the entry that tells of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.preprocess import Preprocessing
from edgetag.recipe import Budget
from edgetag.tags import Vocabulary
from edgetag.validation.comparison import Measure, Paired, compare
from edgetag.validation.entries import variant_entry
from edgetag.validation.inputs import Candidate
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.operating import OperatingPoints, operating_curve
from edgetag.validation.proportions import p_above, paired_interval
from edgetag.validation.result import VariantVerdict
from tests.support.made_results import variant_meta

TAGS = Vocabulary(("cat", "dog", "rare"))
close: Any = pytest.approx
EACH = 20
"""Positives of `cat` and `dog`, and as many negatives; `rare` has one positive."""
SHIPPED, FITTED = 0.5, 0.6
"""Thresholds of `cat`: what the variant ships with, and the reference's."""

PRESENT, ABSENT, BETWEEN = 0.9, 0.1, 0.55
"""Scores; the last one is present by `SHIPPED` alone."""


def column(*parts: tuple[float, int]) -> npt.NDArray[np.float32]:
    """Return scores of 20 positives, then of 20 negatives."""
    return np.concatenate([np.full(count, score, np.float32) for score, count in parts])


LABELS = np.repeat(np.array([[1, 1, 0], [0, 0, 0]], dtype=np.int8), EACH, axis=0)
LABELS[0, 2] = 1
DOG = column((PRESENT, EACH), (ABSENT, EACH))
RARE = np.full(2 * EACH, ABSENT, np.float32)
# 15 of 20 positives are seen and 4 of 20 negatives.
BEFORE = np.stack([column((0.9, 15), (0.1, 5), (0.9, 4), (0.1, 16)), DOG, RARE], axis=1)
# 3 positives are lost, 1 is gained, and another's score counts by the shipped threshold alone. Of
# the negatives 1 is right again, 2 are new.
AFTER = np.stack(
    [
        column(
            *((ABSENT, 3), (PRESENT, 11), (BETWEEN, 1), (PRESENT, 1), (ABSENT, 4)),
            *((ABSENT, 1), (PRESENT, 3), (PRESENT, 2), (ABSENT, 14)),
        ),
        DOG,
        RARE,
    ],
    axis=1,
)


def split(labels: npt.NDArray[Any] = LABELS, copies: int = 1) -> Split:
    """Each picture and its copies are a group."""
    groups = [str(number // copies) for number in range(len(labels))]
    return Split(labels, TAGS, groups, min_positives=5, samples=50, confidence=0.9, seed=1)


def thresholds(cat: float) -> dict[str, float]:
    return {"cat": cat, "dog": 0.5, "rare": 0.5}


def measured(copies: int = 1) -> tuple[Measured, Measured, Measured]:
    """Return reference, variant, and the variant at the reference's threshold."""
    over = split(np.repeat(LABELS, copies, axis=0), copies)
    before, after = np.repeat(BEFORE, copies, axis=0), np.repeat(AFTER, copies, axis=0)
    return (
        Measured(before, over, thresholds(FITTED)),
        Measured(after, over, thresholds(SHIPPED)),
        Measured(after, over, thresholds(FITTED)),
    )


def test_every_number_of_a_tag_is_that_of_the_four_counts() -> None:
    cat = compare(*measured()).tags["cat"]
    assert cat.recall == Paired(
        Measure(13 / 20, close(2 / 20), paired_interval(3, 1, 20, 0.9)), 3, 1, 20
    )
    assert cat.fpr == Paired(
        Measure(5 / 20, close(1 / 20), paired_interval(2, 1, 20, 0.9)), 2, 1, 20
    )
    assert (cat.lost, cat.gained) == (4, 3)
    assert cat.f1.value == close(26 / 38)
    assert cat.f1.drop == close(30 / 39 - 26 / 38)
    assert cat.f1_gain == close(26 / 38 - 24 / 37)  # one positive more is seen
    # 5 of 40 became wrong and 2 right: as uneven or more by chance in 58 of 128 throws.
    assert cat.mcnemar_p == close(58 / 128)
    assert cat.mcnemar_p_holm == close(2 * 58 / 128)


def test_means_are_those_of_scored_tags() -> None:
    comparison = compare(*measured())
    assert set(comparison.tags) == {"cat", "dog"}
    assert comparison.mean_f1 is not None
    assert comparison.mean_f1.value == close((26 / 38 + 1) / 2)
    assert comparison.f1_gain == close((26 / 38 - 24 / 37) / 2)
    assert (comparison.flips, comparison.flip_rate) == (7, close(7 / 120))


def test_copies_of_a_picture_tell_as_much_as_one_alone() -> None:
    alone, copied = compare(*measured()), compare(*measured(copies=3))
    assert copied.design_effect == close(3 * alone.design_effect)
    for tag in ("cat", "dog"):
        for one, many in (
            (alone.tags[tag].recall, copied.tags[tag].recall),
            (alone.tags[tag].fpr, copied.tags[tag].fpr),
        ):
            assert many.measure == replace(
                one.measure, drop_interval=close(one.measure.drop_interval)
            )
            assert many.total == 3 * one.total
            assert many.chance_beyond(0.2, copied.design_effect) == close(
                one.chance_beyond(0.2, alone.design_effect)
            )
    recall = alone.tags["cat"].recall
    assert recall.chance_beyond(0.2, 2.0) == close(p_above(1.5, 0.5, 10, 0.2))


LIMITS = Budget(max_recall_drop=0.5, max_size_ratio=0.3)


def entry(
    decides: bool = True,
    variant: Measured | None = None,
    budget: Budget = LIMITS,
    before: dict[str, float] | None = None,
) -> VariantVerdict:
    contract = Preprocessing(input_size=64)
    candidate = Candidate("int8", "export", Path("int8.tflite"), "ab", 250, 200, contract)
    reference, shipped, _ = measured()
    return variant_entry(
        candidate,
        variant_meta(),
        budget,
        1000,
        "test",
        decides,
        reference,
        variant or shipped,
        before or thresholds(FITTED),
        share=1.0,
    )


def test_the_entry_tells_each_tag_with_its_thresholds_and_what_a_fit_brings() -> None:
    told = entry()
    cat, dog, rare = told.tags
    assert [tag.tag for tag in told.tags] == list(TAGS.names)
    assert [tag.scored for tag in told.tags] == [True, True, False]
    assert [tag.verdict for tag in told.tags] == ["pass", "pass", "not scored"]
    assert (cat.threshold, cat.reference_threshold) == (close(0.5), close(0.6))
    assert (cat.positives, cat.negatives) == (20, 20)
    assert (cat.recall, cat.fpr) == (0.65, 0.25)
    assert (cat.flips, cat.lost, cat.gained, cat.flips_of_positives) == (7, 4, 3, 4)
    assert cat.f1_gain == close(26 / 38 - 24 / 37)
    assert (dog.f1_gain, dog.flips) == (0.0, 0)
    assert (rare.positives, rare.negatives, rare.ap, rare.curve) == (1, 39, None, None)
    assert told.f1_gain == close((26 / 38 - 24 / 37) / 2)
    assert (told.n_images, told.n_groups, told.n_scored_tags) == (40, 40, 2)
    assert (told.verdict, told.images_per_s) == ("pass", 12.5)


def test_the_reference_s_own_thresholds_bring_nothing() -> None:
    _, _, unfitted = measured()
    told = entry(variant=unfitted)
    assert told.f1_gain == 0
    assert [tag.f1_gain for tag in told.tags] == [0, 0, None]


def test_a_fit_brings_as_much_where_every_threshold_differs_or_one_alone() -> None:
    gain = close(26 / 38 - 24 / 37)
    for others in ({}, {"dog": 0.4, "rare": 0.4}):
        assert entry(before=thresholds(FITTED) | others).tags[0].f1_gain == gain


def test_the_calibration_s_error_is_the_mean_of_scored_tags() -> None:
    told = entry()
    of_tags = [tag.operating.calibration_error for tag in told.tags if tag.operating]
    assert len(of_tags) == 2
    assert told.calibration_error == close(sum(of_tags) / 2)
    assert told.reference_calibration_error != told.calibration_error


def test_curves_are_of_the_split_that_decides_alone() -> None:
    assert [tag.curve is not None for tag in entry().tags] == [True, True, False]
    assert [tag.curve is not None for tag in entry(decides=False).tags] == [False] * 3


def test_one_positive_is_enough_where_the_recipe_says_so() -> None:
    over = Split(LABELS, TAGS, [""] * 40, min_positives=1, samples=1, confidence=0.9, seed=1)
    assert over.scored == [0, 1, 2]


def test_a_tag_is_scored_from_its_least_positives_and_one_negative_on() -> None:
    labels = np.zeros((6, 4), dtype=np.int8)
    labels[:5, 0] = 1  # one negative
    labels[:, 1] = 1  # none
    labels[:3, 2], labels[:2, 3] = 1, 1  # as many positives as there must be, and one fewer
    labels[5, 2] = -1
    tags = Vocabulary(("most", "all", "enough", "few"))
    over = Split(labels, tags, [""] * 6, min_positives=3, samples=1, confidence=0.9, seed=1)
    assert over.scored == [0, 2]
    assert over.positives.tolist() == [5, 6, 3, 2]
    assert over.negatives.tolist() == [1, 0, 2, 4]
    never = Split(labels * 0, tags, [""] * 6, min_positives=0, samples=1, confidence=0.9, seed=1)
    assert never.scored == []


def test_operating_points_are_taken_where_the_split_says() -> None:
    at = OperatingPoints(fpr=0.25, bins=4)
    over = Split(LABELS, TAGS, [""] * 40, min_positives=5, samples=1, confidence=0.9, seed=1, at=at)
    assert over.at is at
    assert split().at == OperatingPoints()


def test_operating_points_are_those_of_known_positives_and_of_scored_tags() -> None:
    labels = LABELS.copy()
    labels[20:24, 0] = -1  # the four negatives that are seen
    over = split(labels)
    cat, dog = Measured(BEFORE, over, thresholds(FITTED)).operating
    assert (cat.recall_at_fpr, cat.fpr_at_recall) == (0.75, 1.0)  # 15 of 20, of 16 none; 0.9 by all
    assert cat.precision_at_prevalence == 1.0
    assert cat.calibration_error == close((15 * 0.1 + (5 / 21 - 0.1) * 21) / 36)
    assert (dog.recall_at_fpr, dog.fpr_at_recall) == (1.0, 0.0)


def test_a_curve_counts_positives_as_positives() -> None:
    reference, _, _ = measured()
    cat = reference.curve(0)
    known = operating_curve(LABELS[:, 0] == 1, BEFORE[:, 0])
    assert cat == known
    assert cat != operating_curve(LABELS[:, 0] == 0, BEFORE[:, 0])


def test_a_limit_of_size_alone_limits_no_accuracy() -> None:
    assert entry().limits_accuracy
    assert entry(budget=Budget(max_map_drop=0.9)).limits_accuracy
    assert not entry(budget=Budget(max_size_ratio=0.3)).limits_accuracy
