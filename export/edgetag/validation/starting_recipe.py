"""What a new recipe says of its data, the margins above all: the smallest that can be decided.

A margin that the pictures cannot decide leaves every run undecided; one much wider than needed
lets losses pass.
"""

import math
from functools import lru_cache

from scipy.stats import norm

from edgetag.dataset.result import SplitCounts
from edgetag.dataset.split import TEST, TRAIN
from edgetag.dataset.survey import Survey
from edgetag.recipe import TagBudget, ValidationSection
from edgetag.recipe.template import Draft
from edgetag.validation.planning import power

ROUND_MARGINS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)

FLIPS_OF_POSITIVES, FLIPS_OF_NEGATIVES = 0.03, 0.01
"""What the demo's full-integer files showed of frequent tags, rounded up."""

MAP_SPREAD = 0.15
"""Standard error of a drop in mAP × tags ÷ sqrt(sum of 1 / positives).

In the verdict of the demo's bundle int8 had 0.137 and 0.141 on its two splits, int8-qat 0.148 and
0.131, files in float at most 0.016.
"""

FALSE_DOUBT = 0.1
"""Share of verdicts on a file that lost nothing which may end undecided for the mean over tags,
and so many for all margins of tags together."""

CONFIDENCE = 0.95


SMALL_SIDE_PX = 128
"""Pictures up to this size have nothing that a larger input would show."""

FEW_IMAGES = 1000
"""Of fewer training images small batches make more steps."""


def draft(survey: Survey) -> Draft:
    """Return what a recipe for a surveyed source says."""
    test = survey.splits.get(TEST, SplitCounts(images=0, tags={}))
    scored = scored_tags(test, ValidationSection().min_positives)
    small = survey.longer_side is not None and survey.longer_side <= SMALL_SIDE_PX
    train = survey.splits[TRAIN].images if TRAIN in survey.splits else 0
    sizes = "96 would be five times faster, and less accurate"
    if small:
        sizes = f"the pictures' longer side is {survey.longer_side} px"
    return Draft(
        data=survey.data,
        input_size=96 if small else 224,
        sizes=sizes,
        batch_size=64 if small and train >= FEW_IMAGES else 32 if train >= FEW_IMAGES else 16,
        max_map_drop=decidable_map_drop(test, scored) if scored else None,
        tags=starting_margins(test, scored),
        test_images=test.images,
        judged_splits=(TEST, *(name for name in survey.splits if name.startswith("test_"))),
        unscored=tuple(tag for tag in survey.data.tags if tag not in scored),
    )


def starting_margins(test: SplitCounts, scored: tuple[str, ...]) -> dict[str, TagBudget]:
    """Choose margins of each scored tag for the split that decides."""
    if not scored:
        return {}
    wanted = _wanted(scored)
    return {
        tag: TagBudget(
            max_recall_drop=decidable_margin(test.tags[tag].positives, FLIPS_OF_POSITIVES, wanted),
            max_fpr_rise=decidable_margin(test.tags[tag].negatives, FLIPS_OF_NEGATIVES, wanted),
        )
        for tag in scored
    }


def _wanted(scored: tuple[str, ...]) -> float:
    """Return the power of each margin of a tag; each tag has two."""
    return 1.0 - FALSE_DOUBT / (2 * len(scored))


def scored_tags(split: SplitCounts, min_positives: int) -> tuple[str, ...]:
    """Return the tags that a split has enough positives of, and a negative."""
    return tuple(
        tag
        for tag, counts in split.tags.items()
        if counts.positives >= min_positives and counts.negatives
    )


@lru_cache(maxsize=1024)
def decidable_margin(total: int, flips: float, wanted: float) -> float:
    """Return the smallest round margin that so many images can show to be kept, or the widest.

    Args:
        total: Positives or negatives.
        flips: Share of their decisions that change, as often for the better as for the worse.
        wanted: Chance to show it.
    """
    return next(
        (m for m in ROUND_MARGINS if power(total, m, flips, CONFIDENCE) >= wanted),
        ROUND_MARGINS[-1],
    )


def decidable_map_drop(split: SplitCounts, scored: tuple[str, ...]) -> float:
    """Return the smallest round drop in mAP that a split can show to be kept, or the widest."""
    least = least_map_drop(split, scored, 1.0 - FALSE_DOUBT, CONFIDENCE)
    return next((margin for margin in ROUND_MARGINS if margin >= least), ROUND_MARGINS[-1])


def least_map_drop(
    split: SplitCounts, scored: tuple[str, ...], wanted: float, confidence: float
) -> float:
    """Return the smallest margin of mAP that a full-integer file without a loss is shown to keep.

    Args:
        split: Its images and labels.
        scored: Tags that the mean is over.
        wanted: Chance to show it.
        confidence: Of the interval.
    """
    positives = [split.tags[tag].positives for tag in scored]
    error = MAP_SPREAD * math.sqrt(sum(1 / count for count in positives)) / len(positives)
    return error * float(norm.ppf((1.0 + confidence) / 2.0) + norm.ppf(wanted))
