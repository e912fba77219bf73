"""From numbers to decisions: budgets of the recipe against what was measured.

Point estimates decide.
"""

from edgetag.conversion.result import ExportedVariant
from edgetag.recipe import Budget
from edgetag.validation.metrics import Comparison, Measure, Split, TagComparison
from edgetag.validation.result import BudgetCheck, Decision, TagVerdict, worst
from edgetag.validation.statistics import Interval


def at_most(budget: str, limit: float | None, measured: float | None) -> list[BudgetCheck]:
    """Check an upper limit; a budget that the recipe leaves out gives no check."""
    if limit is None:
        return []
    verdict: Decision = "undecided"
    if measured is not None:
        verdict = "pass" if measured <= limit else "fail"
    return [BudgetCheck(budget=budget, limit=limit, measured=measured, verdict=verdict)]


def at_least(budget: str, limit: float | None, measured: float | None) -> list[BudgetCheck]:
    """Check a lower limit; a budget that the recipe leaves out gives no check."""
    if limit is None:
        return []
    verdict: Decision = "undecided"
    if measured is not None:
        verdict = "pass" if measured >= limit else "fail"
    return [BudgetCheck(budget=budget, limit=limit, measured=measured, verdict=verdict)]


def check_budgets(
    budget: Budget, comparison: Comparison, file: ExportedVariant, fp32: ExportedVariant
) -> tuple[BudgetCheck, ...]:
    """Check what validation can judge; latency and memory are the benchmark's.

    Args:
        budget: Limits of the variant.
        comparison: With the reference.
        file: The variant's file.
        fp32: The file that sizes are compared with.
    """
    mean_ap = comparison.mean_ap
    ratio = file.size_bytes / fp32.size_bytes
    return (
        *at_least("min_map", budget.min_map, mean_ap.value if mean_ap else None),
        *at_most("max_map_drop", budget.max_map_drop, mean_ap.drop if mean_ap else None),
        *at_most("max_flip_rate", budget.max_flip_rate, comparison.flip_rate),
        *at_most("max_size_bytes", budget.max_size_bytes, file.size_bytes),
        *at_most("max_size_ratio", budget.max_size_ratio, ratio),
    )


def decide(checks: tuple[BudgetCheck, ...], comparison: Comparison) -> Decision:
    """Decide on a variant; without a scored tag nothing passes."""
    decisions = [check.verdict for check in checks]
    decisions.append("pass" if comparison.mean_ap else "undecided")
    return worst(decisions)


def tag_verdicts(
    split: Split, comparison: Comparison, max_drop: float | None
) -> tuple[TagVerdict, ...]:
    """Return every tag's numbers and verdict, in the order of the outputs."""
    return tuple(
        _tag_verdict(split, index, comparison.tags.get(name), max_drop)
        for index, name in enumerate(split.vocabulary.names)
    )


def _tag_verdict(
    split: Split, index: int, tag: TagComparison | None, max_drop: float | None
) -> TagVerdict:
    verdict: Decision = "undecided"
    if tag is not None:
        verdict = "pass" if max_drop is None or tag.ap.drop <= max_drop else "fail"
    name = split.vocabulary.names[index]
    ap, ap_drop, ap_interval = flat(tag.ap if tag else None)
    f1, f1_drop, f1_interval = flat(tag.f1 if tag else None)
    return TagVerdict(
        tag=name,
        scored=tag is not None,
        positives=int(split.positives[index]),
        negatives=int(split.negatives[index]),
        threshold=float(split.thresholds[index]),
        ap=ap,
        ap_drop=ap_drop,
        ap_drop_interval=ap_interval,
        f1=f1,
        f1_drop=f1_drop,
        f1_drop_interval=f1_interval,
        recall=tag.recall if tag else None,
        fpr=tag.false_positive_rate if tag else None,
        flips=tag.flips if tag else None,
        verdict=verdict,
    )


def flat(measure: Measure | None) -> tuple[float | None, float | None, Interval | None]:
    """Return value, drop and interval, each None where there is no measure."""
    if measure is None:
        return None, None, None
    return measure.value, measure.drop, measure.drop_interval
