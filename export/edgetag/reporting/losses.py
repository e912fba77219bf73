"""Losses that no decision shows: those that no margin judges, and those of splits for information.

A file may be accepted with them, and then no report says a plain "accepted".
"""

from collections.abc import Iterator
from typing import Literal

from edgetag.judging.checks import Check
from edgetag.judging.wording import write_limit
from edgetag.recipe import LIMITS
from edgetag.reporting.result import BudgetRow, Finding
from edgetag.reporting.wording import describe_check, describe_loss, describe_where, listed
from edgetag.validation.result import LossMeasure, VariantVerdict, Verdict

Level = Literal["loss", "note"]

MEASURES = {key: limit.measure for key, limit in LIMITS.items() if limit.measure}
"""Margin → what it judges."""


def loss_findings(verdict: Verdict) -> Iterator[Finding]:
    """Tell each entry's losses: those to know of, then those that the recipe allows, as notes."""
    for found in verdict.variants:
        for level, text in _told(found):
            where = describe_where(found.variant, found.runtime)
            yield Finding(level=level, where=where, text=text, variant=found.variant)


def with_losses(verdict: Verdict) -> frozenset[str]:
    """Return the variants that have losses to know of."""
    told = (one for one in loss_findings(verdict) if one.level == "loss")
    return frozenset(one.variant for one in told if one.variant is not None)


def tag_losses(found: VariantVerdict, tag: str) -> tuple[LossMeasure, ...]:
    """Return what a tag lost beyond chance without a kept margin that allows it."""
    losses = (one for one in found.losses if one.tag == tag and not one.within_margin)
    return tuple(one.measure for one in losses)


def _told(found: VariantVerdict) -> Iterator[tuple[Level, str]]:
    aside = "" if found.decides else f" on {found.split}, which does not decide"
    broken = [] if found.decides else list(_broken(found))
    if broken:
        yield "loss", f"fails{aside}: {listed(text for _, text in broken)}"
    told = {place for place, _ in broken} | _judged(found)
    levels: tuple[tuple[bool, Level, str], ...] = (
        (False, "loss", "lost beyond chance, and no kept margin allows it"),
        (True, "note", "lost beyond chance, inside its margin"),
    )
    for within, level, what in levels:
        losses = [
            describe_loss(one.measure, one.tag, one.drop, one.interval)
            for one in found.losses
            if one.within_margin == within and (one.tag, one.measure) not in told
        ]
        if losses:
            yield level, f"{what}{aside}: {listed(losses)}"


def _broken(found: VariantVerdict) -> Iterator[tuple[tuple[str | None, str], str]]:
    """Yield what fails in a split for information, with its place: tag and measure."""
    for tag, check in _checks(found):
        if check.verdict != "fail":
            continue
        measure = MEASURES.get(check.budget)
        if measure is None or check.measured is None:
            row = BudgetRow(
                variant=found.variant,
                runtime=found.runtime,
                stage="validate",
                tag=tag,
                **check.model_dump(),
            )
            yield (tag, check.budget), describe_check(row)
            continue
        lost = describe_loss(measure, tag, check.measured, check.interval)
        yield (tag, measure), f"{lost}, margin {write_limit(check)}"


def _judged(found: VariantVerdict) -> set[tuple[str | None, str]]:
    """Return what the deciding split tells already: margins that are broken or undecided."""
    if not found.decides:
        return set()
    return {
        (tag, MEASURES[check.budget])
        for tag, check in _checks(found)
        if check.budget in MEASURES and check.verdict != "pass"
    }


def _checks(found: VariantVerdict) -> Iterator[tuple[str | None, Check]]:
    of_scores = (check for check in found.budgets if LIMITS[check.budget].subject != "size")
    yield from ((None, check) for check in of_scores)
    yield from ((tag.tag, check) for tag in found.tags for check in tag.checks)
