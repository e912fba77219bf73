"""From numbers to decisions: budgets of the recipe against what was measured.

A margin is judged by an interval (non-inferiority): pass if all of it lies inside, fail if all of
it lies outside, else undecided. A variant passes only if every tag does, so a wrong pass is no
likelier with many tags; false alarms do add up, and a tag fails only if it also does by Holm's
correction over all the variant's checks of tags. A variant whose accuracy nothing limits is not
judged: it never passes.
"""

from dataclasses import dataclass
from typing import Literal

from edgetag.recipe import Budget
from edgetag.validation.comparison import Comparison, Measure, TagComparison
from edgetag.validation.decisions import Decision, TagDecision, worst
from edgetag.validation.metrics import Split
from edgetag.validation.needs import images_to_decide, outcome_of
from edgetag.validation.proportions import holm, p_above
from edgetag.validation.result import ON_ACCURACY, BudgetCheck, Needs
from edgetag.validation.statistics import chance_at_most

Unit = Literal["images", "positives", "negatives"]


def at_most(budget: str, limit: float | None, measured: float | None) -> list[BudgetCheck]:
    """Check an upper limit by the measured value; a budget left out gives no check."""
    if limit is None:
        return []
    verdict: Decision = "undecided"
    if measured is not None:
        verdict = "pass" if measured <= limit else "fail"
    return [BudgetCheck(budget=budget, limit=limit, measured=measured, verdict=verdict)]


def at_least(budget: str, limit: float | None, measured: float | None) -> list[BudgetCheck]:
    """Check a lower limit by the measured value; a budget left out gives no check."""
    if limit is None:
        return []
    verdict: Decision = "undecided"
    if measured is not None:
        verdict = "pass" if measured >= limit else "fail"
    return [BudgetCheck(budget=budget, limit=limit, measured=measured, verdict=verdict)]


@dataclass(frozen=True)
class Margin:
    """A margin to judge.

    Attributes:
        budget: The recipe's key.
        limit: The margin.
        measure: What is held against it.
        p_fail: Uncorrected: the chance to see so much if the true value were at the limit.
        size: Images behind the measure,
        of: and what kind of images they are.
    """

    budget: str
    limit: float
    measure: Measure
    p_fail: float
    size: int
    of: Unit


def judge(margin: Margin, p_fail: float | None, tests: int, confidence: float) -> BudgetCheck:
    """Decide on one margin.

    Args:
        margin: What to decide.
        p_fail: Corrected; None where no correction applies.
        tests: How many checks `p_fail` is corrected for.
        confidence: Of the interval; `(1 - confidence) / 2` is the level of a fail.
    """
    measure, limit = margin.measure, margin.limit
    found = measure.drop_interval
    level = (1.0 - confidence) / 2.0
    verdict: Decision = "undecided"
    if found is not None and found[1] <= limit:
        verdict = "pass"
    elif found is not None and found[0] > limit and (p_fail is None or p_fail <= level):
        verdict = "fail"
    needs = None
    if verdict == "undecided" and found is not None:
        more = images_to_decide(limit, measure.drop, found, margin.size, tests, level)
        if more is not None:
            needs = Needs(more=more, of=margin.of, decides=outcome_of(limit, measure.drop))
    return BudgetCheck(
        budget=margin.budget,
        limit=limit,
        measured=measure.drop,
        interval=found,
        p_fail=p_fail,
        verdict=verdict,
        needs=needs,
    )


def check_overall(
    budget: Budget, comparison: Comparison, split: Split, size_bytes: int, fp32_bytes: int | None
) -> tuple[BudgetCheck, ...]:
    """Check what validation can judge over all tags; latency and memory are the benchmark's.

    Args:
        budget: Limits of the variant.
        comparison: With the reference.
        split: The images.
        size_bytes: Of the variant's file.
        fp32_bytes: Of the file that sizes are compared with; None where there is none.
    """
    mean_ap = comparison.mean_ap
    checks = at_least("min_map", budget.min_map, mean_ap.value if mean_ap else None)
    if budget.max_map_drop is not None and mean_ap is None:
        checks += at_most("max_map_drop", budget.max_map_drop, None)
    elif budget.max_map_drop is not None and mean_ap is not None:
        images = len(split.labels)
        margin = Margin("max_map_drop", budget.max_map_drop, mean_ap, 1.0, images, "images")
        checks.append(judge(margin, None, 1, split.confidence))
    checks += at_most("max_flip_rate", budget.max_flip_rate, comparison.flip_rate)
    checks += at_most("max_size_bytes", budget.max_size_bytes, size_bytes)
    ratio = size_bytes / fp32_bytes if fp32_bytes else None
    checks += at_most("max_size_ratio", budget.max_size_ratio, ratio)
    return tuple(checks)


def check_tags(
    budget: Budget, comparison: Comparison, split: Split
) -> dict[str, tuple[BudgetCheck, ...]]:
    """Check the margins of every scored tag, corrected for their number together."""
    margins = [
        (tag, margin)
        for tag, found in comparison.tags.items()
        for margin in _margins(budget, tag, found, comparison.design_effect)
    ]
    corrected = holm([margin.p_fail for _, margin in margins])
    checks: dict[str, list[BudgetCheck]] = {tag: [] for tag in comparison.tags}
    for (tag, margin), p_fail in zip(margins, corrected, strict=True):
        checks[tag].append(judge(margin, p_fail, len(margins), split.confidence))
    return {tag: tuple(found) for tag, found in checks.items()}


def _margins(budget: Budget, tag: str, found: TagComparison, effect: float) -> list[Margin]:
    limits = budget.margins(tag)
    margins = []
    if limits.max_recall_drop is not None:
        recall, limit = found.recall, limits.max_recall_drop
        p = p_above(recall.worse / effect, recall.better / effect, recall.total / effect, limit)
        size = recall.total
        margins.append(Margin("max_recall_drop", limit, recall.measure, p, size, "positives"))
    if limits.max_fpr_rise is not None:
        fpr, limit = found.fpr, limits.max_fpr_rise
        p = p_above(fpr.worse / effect, fpr.better / effect, fpr.total / effect, limit)
        margins.append(Margin("max_fpr_rise", limit, fpr.measure, p, fpr.total, "negatives"))
    if limits.max_ap_drop is not None:
        limit = limits.max_ap_drop
        p = chance_at_most(found.ap_drops, limit)
        margins.append(Margin("max_ap_drop", limit, found.ap, p, found.recall.total, "positives"))
    return margins


def decide(
    overall: tuple[BudgetCheck, ...],
    tags: dict[str, tuple[BudgetCheck, ...]],
    comparison: Comparison,
) -> Decision:
    """Decide on a variant; without a scored tag, or a limit on accuracy, nothing passes."""
    checks = [*overall, *(check for checks in tags.values() for check in checks)]
    decisions = [check.verdict for check in checks]
    if not any(check.budget in ON_ACCURACY for check in checks):
        decisions.append("not judged")
    decisions.append("pass" if comparison.mean_ap else "undecided")
    return worst(decisions)


def tag_decision(scored: bool, checks: tuple[BudgetCheck, ...]) -> TagDecision:
    """Decide on a tag."""
    if not scored:
        return "not scored"
    return worst([check.verdict for check in checks]) if checks else "not judged"
