"""What a new recipe says of its data, the margins above all: the smallest that can be decided.

A margin that the pictures cannot decide leaves every run undecided; one much wider than needed
lets losses pass.
"""

import math
from functools import lru_cache

from scipy.special import ndtri

from edgetag.dataset.prospects import scored_tags
from edgetag.dataset.result import SplitCounts
from edgetag.dataset.split import TEST, TRAIN
from edgetag.dataset.survey import Survey
from edgetag.recipe import TagBudget, ValidationSection
from edgetag.recipe.template import Draft
from edgetag.validation.planning import power

ROUND_MARGINS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)

FLIPS, FLIPS_OF_RARE, RARE = 0.03, 0.1, 100
"""Share of decisions that flip, and of those on positives where there are fewer than 100.

In the verdict of the demo's bundle, over `test`, int8 and int8-qat flipped at most 3.7 % of a
frequent tag's positives and 2.8 % of its negatives; of rare tags' positives 10 % or less in 12 of
14 cases.
"""

MAP_SPREAD, AP_SPREAD = 0.15, 0.2
"""Standard error of a drop in mAP × tags ÷ sqrt(sum of 1 / positives), and the same of one tag.

In the same verdict int8 had 0.137 and 0.141 on its two splits, int8-qat 0.148 and 0.131, files in
float at most 0.016; a single tag at most 0.22.
"""

FALSE_DOUBT = 0.1
"""Share of verdicts on a file that lost nothing which may end undecided for the mean over tags,
and so many for all margins of tags together."""

CONFIDENCE = 0.95

SMALL_SIDE_PX = 128
"""Pictures up to this size have nothing that a larger input would show."""

MANY_IMAGES, LARGE_BATCH, BATCH = 4000, 64, 16
"""Fewer training images than MANY_IMAGES get small batches, which make more steps."""


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
        batch_size=LARGE_BATCH if small and train >= MANY_IMAGES else BATCH,
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
    wanted = 1.0 - FALSE_DOUBT / (3 * len(scored))  # each tag has three margins
    return {
        tag: TagBudget(
            max_recall_drop=decidable_margin(
                counts.positives, flips_of_positives(counts.positives), wanted
            ),
            max_fpr_rise=decidable_margin(counts.negatives, FLIPS, wanted),
            max_ap_drop=_round_up(least_ap_drop(counts.positives, wanted, CONFIDENCE)),
        )
        for tag, counts in test.tags.items()
        if tag in scored
    }


def flips_of_positives(positives: int) -> float:
    """Return the share of decisions on a tag's positives that is taken to flip."""
    return FLIPS_OF_RARE if positives < RARE else FLIPS


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
    return _round_up(least_map_drop(split, scored, 1.0 - FALSE_DOUBT, CONFIDENCE))


def _round_up(least: float) -> float:
    return next((margin for margin in ROUND_MARGINS if margin >= least), ROUND_MARGINS[-1])


def least_ap_drop(positives: int, wanted: float, confidence: float) -> float:
    """Return the smallest margin of average precision that is shown to be kept; see below."""
    return AP_SPREAD / math.sqrt(positives) * _errors(wanted, confidence)


def least_map_drop(
    split: SplitCounts, scored: tuple[str, ...], wanted: float, confidence: float
) -> float:
    """Return the smallest margin of mAP that a full-integer file without a loss is shown to keep.

    Args:
        split: Its images and labels.
        scored: Tags that the mean is over.
        wanted: Chance to show it.
        confidence: Confidence of the interval.
    """
    positives = [split.tags[tag].positives for tag in scored]
    error = MAP_SPREAD * math.sqrt(sum(1 / count for count in positives)) / len(positives)
    return error * _errors(wanted, confidence)


def _errors(wanted: float, confidence: float) -> float:
    """Return how many standard errors a margin must have to be shown with a chance."""
    return float(ndtri((1.0 + confidence) / 2.0) + ndtri(wanted))
