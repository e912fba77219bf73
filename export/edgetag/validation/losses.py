"""Losses beyond chance, whether or not a margin judges them: nothing worse stays unsaid.

The family is one file on one runtime over one split, and its error rate half on the mean and half
on the tags: an unchanged file shows a loss with a chance of at most `1 - confidence`. mAP has lost
where its interval lies above 0. The tags' four measures are corrected together by Holm's method,
which holds however much they depend on one another.
"""

from collections.abc import Iterable, Iterator, Sequence

from edgetag.judging.checks import Check
from edgetag.recipe import LIMITS
from edgetag.validation.comparison import Comparison, Measure, TagComparison
from edgetag.validation.proportions import holm
from edgetag.validation.result import Loss, LossMeasure
from edgetag.validation.statistics import chance_at_most

MARGINS: dict[str, tuple[str, ...]] = {
    **{limit.measure: (key,) for key, limit in LIMITS.items() if limit.measure},
    "f1": ("max_recall_drop", "max_fpr_rise"),
}
"""What must be kept for a loss to be one that the recipe allows; F1 has no margin of its own."""


def significant_losses(
    comparison: Comparison,
    overall: Iterable[Check],
    tags: dict[str, tuple[Check, ...]],
    confidence: float,
) -> tuple[Loss, ...]:
    """Return what a file has lost beyond chance, the mean first, then the tags in their order.

    A loss inside a margin that is kept is marked as such; `confidence` is that of the family.
    """
    overall = tuple(overall)
    level = (1.0 - confidence) / 2.0
    losses = []
    mean = comparison.mean_ap
    if mean is not None and mean.drop_interval is not None and mean.drop_interval[0] > 0.0:
        losses.append(_loss(None, "map", mean, None, overall))
    tests = [
        (tag, measure, change, p)
        for tag, compared in comparison.tags.items()
        for measure, change, p in _tests(compared, comparison.design_effect)
    ]
    for (tag, measure, change, _), p_holm in zip(tests, holm([t[3] for t in tests]), strict=True):
        if p_holm <= level and change.drop > 0.0:
            loss = _loss(tag, measure, change, p_holm, tags.get(tag, ()))
            if measure == "ap" and len(comparison.tags) == 1:  # which is mAP, too
                loss = loss.replace(
                    within_margin=loss.within_margin or _kept(MARGINS["map"], overall)
                )
            losses.append(loss)
    return tuple(losses)


def _tests(compared: TagComparison, effect: float) -> Iterator[tuple[LossMeasure, Measure, float]]:
    """Yield each measure of a tag with the chance to see so much if nothing were lost.

    Where images of one group alone tell of it, anything may be chance: it is no test, and others
    are not corrected for it.
    """
    tests: tuple[tuple[LossMeasure, Measure, float], ...] = (
        ("recall", compared.recall.measure, compared.recall.chance_beyond(0.0, effect)),
        ("fpr", compared.fpr.measure, compared.fpr.chance_beyond(0.0, effect)),
        ("f1", compared.f1, chance_at_most(compared.f1_drops, 0.0)),
        ("ap", compared.ap, chance_at_most(compared.ap_drops, 0.0)),
    )
    yield from (test for test in tests if test[1].drop_interval is not None)


def _loss(
    tag: str | None,
    measure: LossMeasure,
    change: Measure,
    p_holm: float | None,
    checks: Iterable[Check],
) -> Loss:
    return Loss(
        tag=tag,
        measure=measure,
        drop=change.drop,
        interval=change.drop_interval,
        p_holm=p_holm,
        within_margin=_kept(MARGINS[measure], tuple(checks)),
    )


def _kept(budgets: Sequence[str], checks: Sequence[Check]) -> bool:
    """Whether all of these margins are set and kept."""
    return all(any(c.budget == b and c.verdict == "pass" for c in checks) for b in budgets)
