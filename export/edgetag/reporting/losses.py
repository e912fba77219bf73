"""Losses that no decision shows: those that no margin judges, and those of splits for information.

A file may be accepted with them, and then no report says a plain "accepted".
"""

from collections.abc import Iterator
from typing import Literal

from edgetag.judging.checks import Check
from edgetag.judging.wording import write_limit
from edgetag.recipe import LIMITS
from edgetag.reporting.result import BudgetRow, Finding
from edgetag.reporting.wording import describe_check, describe_loss, listed
from edgetag.validation.result import LossMeasure, VariantVerdict, Verdict

Level = Literal["loss", "note"]

MEASURES = {key: limit.measure for key, limit in LIMITS.items() if limit.measure}
"""Margin's key → the measure that it judges."""


def loss_findings(verdict: Verdict) -> Iterator[Finding]:
    """Tell each entry's losses: those to know of, then those that the recipe allows, as notes."""
    for entry in verdict.variants:
        for level, text in _levelled_losses(entry):
            yield Finding.about(level, text, entry.variant, entry.runtime)


def with_losses(verdict: Verdict) -> frozenset[str]:
    """Return the variants that have losses to know of."""
    losses = (finding for finding in loss_findings(verdict) if finding.level == "loss")
    return frozenset(finding.variant for finding in losses if finding.variant is not None)


def tag_losses(entry: VariantVerdict, tag: str) -> tuple[LossMeasure, ...]:
    """Return what a tag lost beyond chance without a kept margin that allows it."""
    losses = (loss for loss in entry.losses if loss.tag == tag and not loss.within_margin)
    return tuple(loss.measure for loss in losses)


def _levelled_losses(entry: VariantVerdict) -> Iterator[tuple[Level, str]]:
    aside = "" if entry.decides else f" on {entry.split}, which does not decide"
    broken = [] if entry.decides else list(_broken(entry))
    if broken:
        yield "loss", f"fails{aside}: {listed(text for _, text in broken)}"
    judged_already = {place for place, _ in broken} | _judged(entry)
    levels: tuple[tuple[bool, Level, str], ...] = (
        (False, "loss", "lost beyond chance, and no kept margin allows it"),
        (True, "note", "lost beyond chance, inside its margin"),
    )
    for within, level, what in levels:
        losses = [
            describe_loss(loss.measure, loss.tag, loss.drop, loss.interval)
            for loss in entry.losses
            if loss.within_margin == within and (loss.tag, loss.measure) not in judged_already
        ]
        if losses:
            yield level, f"{what}{aside}: {listed(losses)}"


def _broken(entry: VariantVerdict) -> Iterator[tuple[tuple[str | None, str], str]]:
    """Yield what fails in a split for information, with its place: tag and measure."""
    for tag, check in _checks(entry):
        if check.verdict != "fail":
            continue
        measure = MEASURES.get(check.budget)
        if measure is None or check.measured is None:
            yield (tag, check.budget), describe_check(BudgetRow.of(entry, check, tag))
            continue
        lost = describe_loss(measure, tag, check.measured, check.interval)
        yield (tag, measure), f"{lost}, margin {write_limit(check)}"


def _judged(entry: VariantVerdict) -> set[tuple[str | None, str]]:
    """Return what the deciding split tells already: margins that are broken or undecided."""
    if not entry.decides:
        return set()
    return {
        (tag, MEASURES[check.budget])
        for tag, check in _checks(entry)
        if check.budget in MEASURES and check.verdict != "pass"
    }


def _checks(entry: VariantVerdict) -> Iterator[tuple[str | None, Check]]:
    of_scores = (check for check in entry.budgets if LIMITS[check.budget].subject != "size")
    yield from ((None, check) for check in of_scores)
    yield from ((tag.tag, check) for tag in entry.tags for check in tag.checks)
