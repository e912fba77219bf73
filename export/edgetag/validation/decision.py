"""From numbers to decisions: budgets of the recipe against what was measured.

A margin is judged by an interval (non-inferiority): pass if all of it lies inside, fail if all of
it lies outside, else undecided. A variant passes only if every tag does, so a wrong pass is no
likelier with many tags; false alarms do add up, and a tag fails only if it also does by Holm's
correction over all the variant's checks of tags that could fail. A variant whose accuracy nothing
limits is not judged: it never passes. Nor does one with a margin for a tag by name that has too few
pictures to be scored: who names a tag wants it shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgetag.judging.checks import Check, Needs, Value, judge
from edgetag.judging.decisions import Decision, TagDecision, worst
from edgetag.recipe import LIMITS, Budget
from edgetag.validation.comparison import Comparison, Measure, Paired, TagComparison
from edgetag.validation.metrics import Split
from edgetag.validation.needs import Flips, images_to_decide, outcome_of
from edgetag.validation.proportions import holm
from edgetag.validation.result import ON_ACCURACY, Failure, VariantVerdict
from edgetag.validation.statistics import chance_at_most

Unit = Literal["images", "positives", "negatives"]


@dataclass(frozen=True)
class Estimate:
    """An estimate that a margin is held against, and the images behind it.

    Attributes:
        measure: Its drop, and the interval of that.
        size: How many images,
        of: and what kind of images they are.
        p_fail: The chance to see so much if the true value were at the limit; None where no
            correction applies.
        tests: How many checks `p_fail` is corrected for.
        flips: Of a paired difference of proportions.
    """

    measure: Measure
    size: int
    of: Unit
    p_fail: float | None = None
    tests: int = 1
    flips: Flips | None = None


def judge_margin(budget: str, limit: float, estimate: Estimate, confidence: float) -> Check:
    """Decide on one margin, and say what would decide it where it stays open.

    Args:
        budget: The recipe's key.
        limit: The margin.
        estimate: What is held against it.
        confidence: Confidence of the interval; `(1 - confidence) / 2` is the level of a fail.
    """
    drop, interval = estimate.measure.drop, estimate.measure.drop_interval
    level = (1.0 - confidence) / 2.0
    check = judge(budget, limit, Value(drop, interval, estimate.p_fail), level)
    if check.verdict != "undecided" or interval is None:
        return check
    more = images_to_decide(
        limit, drop, interval, estimate.size, estimate.tests, level, flips=estimate.flips
    )
    if more is None:
        return check
    needs = Needs(more=more, of=estimate.of, decides=outcome_of(limit, drop))
    return check.replace(needs=needs)


def check_overall(
    budget: Budget, comparison: Comparison, split: Split, size_bytes: int, fp32_bytes: int | None
) -> tuple[Check, ...]:
    """Check what validation can judge over all tags; latency and memory are the benchmark's.

    Args:
        budget: Limits of the variant.
        comparison: With the reference.
        split: The images.
        size_bytes: Bytes of the variant's file.
        fp32_bytes: Bytes of the file that sizes are compared with; None where there is none.
    """
    mean_ap = comparison.mean_ap
    values: dict[str, float | Estimate | None] = {
        "min_map": mean_ap.value if mean_ap else None,
        "max_map_drop": Estimate(mean_ap, len(split.labels), "images") if mean_ap else None,
        "max_flip_rate": comparison.flip_rate,
        "max_logit_rmse": Estimate(comparison.logit_rmse, len(split.labels), "images"),
        "max_size_bytes": size_bytes,
        "max_size_ratio": size_bytes / fp32_bytes if fp32_bytes else None,
    }
    given = budget.given()
    return tuple(
        judge_margin(key, given[key], value, split.confidence)
        if isinstance(value, Estimate)
        else judge(key, given[key], Value(value))
        for key, value in values.items()
        if key in given
    )


def check_tags(
    budget: Budget, comparison: Comparison, split: Split
) -> dict[str, tuple[Check, ...]]:
    """Check the margins of every scored tag, corrected for their number together.

    Nothing that decides is corrected for checks that cannot fail whatever a file does: those over
    pictures of one group, which have no interval, and of margins that any file keeps. Of tags that
    are not scored, margins that the recipe sets for them by name are undecided.
    """
    margins = [
        (tag, key, limit, *ON_TAGS[key](compared, limit, comparison.design_effect))
        for tag, compared in comparison.tags.items()
        for key, limit in budget.margins(tag).given().items()
    ]
    family = [
        place
        for place, (_, key, limit, estimate, _) in enumerate(margins)
        if estimate.measure.drop_interval is not None and not LIMITS[key].cannot_be_broken(limit)
    ]
    corrected = dict(zip(family, holm([margins[place][-1] for place in family]), strict=True))
    checks: dict[str, list[Check]] = {tag: [] for tag in comparison.tags}
    for place, (tag, key, limit, estimate, _) in enumerate(margins):
        one_of_many = replace(estimate, p_fail=corrected.get(place), tests=len(family))
        checks[tag].append(judge_margin(key, limit, one_of_many, split.confidence))
    for tag, own in budget.tags.items():
        if tag not in comparison.tags and (wanted := own.can_be_broken()):
            checks[tag] = [judge(key, limit, Value(None)) for key, limit in wanted.items()]
    return {tag: tuple(judged) for tag, judged in checks.items()}


def _recall(tag: TagComparison, limit: float, effect: float) -> tuple[Estimate, float]:
    return _share(tag.recall, "positives", limit, effect)


def _fpr(tag: TagComparison, limit: float, effect: float) -> tuple[Estimate, float]:
    return _share(tag.fpr, "negatives", limit, effect)


def _share(share: Paired, of: Unit, limit: float, effect: float) -> tuple[Estimate, float]:
    flips = Flips(share.worse + share.better, effect)
    estimate = Estimate(share.measure, share.total, of, flips=flips)
    return estimate, share.chance_beyond(limit, effect)


def _ap(tag: TagComparison, limit: float, _effect: float) -> tuple[Estimate, float]:
    estimate = Estimate(tag.ap, tag.recall.total, "positives")
    return estimate, chance_at_most(tag.ap_drops, limit)


ON_TAGS: dict[str, Callable[[TagComparison, float, float], tuple[Estimate, float]]] = {
    "max_recall_drop": _recall,
    "max_fpr_rise": _fpr,
    "max_ap_drop": _ap,
}
"""Margin of a tag → what is held against it, for a limit and a design effect, and the chance to
see so much if the true value were at the limit, uncorrected."""


def decide(
    overall: tuple[Check, ...],
    tags: dict[str, tuple[Check, ...]],
    comparison: Comparison,
) -> Decision:
    """Decide on a variant; without a scored tag, or a limit on accuracy, nothing passes."""
    checks = [*overall, *(check for checks in tags.values() for check in checks)]
    decisions = [check.verdict for check in checks]
    if not any(check.budget in ON_ACCURACY for check in checks):
        decisions.append("not judged")
    decisions.append("pass" if comparison.mean_ap else "undecided")
    return worst(decisions)


def tag_decision(scored: bool, checks: tuple[Check, ...]) -> TagDecision:
    """Decide on a tag; without a check it is not judged, or not even scored."""
    if checks:
        return worst([check.verdict for check in checks])
    return "not judged" if scored else "not scored"


def decide_file(
    variant: str, entries: Sequence[VariantVerdict], failures: Sequence[Failure]
) -> Decision:
    """Decide on a file over its runtimes, in the split that decides."""
    failed = [failure for failure in failures if failure.variant == variant]
    if any(failure.decides for failure in failed):
        return "fail"
    verdicts = [entry.verdict for entry in entries if entry.variant == variant and entry.decides]
    if verdicts:
        return worst(verdicts)
    return "undecided" if {failure.kind for failure in failed} == {"unavailable"} else "fail"
