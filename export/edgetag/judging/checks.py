"""One limit of the recipe against what was measured: the only place where that is decided.

An interval must lie inside a limit to keep it and outside to break it; on it, nothing is decided.
A value without an interval is exact and decides by itself, but a margin is never decided without.
"""

from dataclasses import dataclass
from typing import Literal

from edgetag.judging.decisions import Decision
from edgetag.recipe import LIMITS, Variant
from edgetag.records import Record

Bounds = tuple[float, float]


class Needs(Record):
    """What would decide an undecided check, if the measured value is the true one.

    Attributes:
        more: How many more decide it with a chance of 80 %.
        of: Images of any kind, or images known to have, or not to have, the tag.
        decides: How: "fail" where the measured value lies beyond the margin.
        split: Where they are wanting; empty where nobody said.
        in_all: About how many of that kind in all splits together make so many in this one; None
            where the data at hand are judged images alone.
    """

    more: int
    of: Literal["images", "positives", "negatives"]
    decides: Literal["pass", "fail"] = "pass"
    split: str = ""
    in_all: int | None = None


class OfVariant(Record):
    """What is about one of the recipe's files."""

    variant: Variant


class Check(Record):
    """One limit of the recipe and what was measured; results leave out what theirs never have.

    Attributes:
        budget: The recipe's key.
        limit: The recipe's value.
        measured: None where the data or the machine cannot tell.
        interval: Interval of `measured`, where that is an estimate; it decides.
        p_fail: Of a tag's check: the chance to see so much or more if the true value were at the
            limit, by Holm's correction over the variant's checks of tags that could fail; None
            where this one could not.
        verdict: Kept, broken or undecided; see `judge`.
        needs: What would decide an undecided margin; None where it would take over a thousand
            times as many images.
    """

    budget: str
    limit: float
    measured: float | None
    interval: Bounds | None = None
    p_fail: float | None = None
    verdict: Decision
    needs: Needs | None = None


class ReasonedCheck(Check):
    """A check that says why a value decides nothing, or why there is none, in one line."""

    reason: str = ""


@dataclass(frozen=True)
class Value:
    """What is held against a limit.

    Attributes:
        measured: None where there is nothing.
        interval: Interval of an estimate; None where the value is exact.
        p_fail: See `Check`; None where no correction applies.
        doubt: Why it decides nothing; empty where it decides.
        failure: Why a file does not run where the limit is judged, which breaks it; None where it
            does.
        outer: What decides in the interval's place, where there is more to doubt than it tells.
        caution: What that is, in words.
    """

    measured: float | None
    interval: Bounds | None = None
    p_fail: float | None = None
    doubt: str = ""
    failure: str | None = None
    outer: Bounds | None = None
    caution: str = ""

    @property
    def reason(self) -> str:
        """Why it does not decide, or breaks every limit; empty where it is held against one."""
        return self.failure or self.doubt


def within(bounds: Bounds, limit: float) -> Decision:
    """Decide whether what lies between two bounds is at most a limit."""
    low, high = bounds
    return "pass" if high <= limit else "fail" if low > limit else "undecided"


def judge(budget: str, limit: float, value: Value, level: float = 0.0) -> Check:
    """Decide on one limit.

    A fail needs a `p_fail` of at most `level`, where there is one.
    """
    return Check(
        budget=budget,
        limit=limit,
        measured=value.measured,
        interval=value.interval,
        p_fail=value.p_fail,
        verdict=_decide(budget, limit, value, level),
    )


def reasoned(check: Check, reason: str = "") -> ReasonedCheck:
    """Return a check with a reason."""
    return ReasonedCheck(**check.model_dump(), reason=reason)


def _decide(budget: str, limit: float, value: Value, level: float) -> Decision:
    kind = LIMITS[budget].kind
    if value.failure is not None:
        return "fail"
    if value.measured is None or value.doubt or (kind == "margin" and value.interval is None):
        return "undecided"
    low, high = value.outer or value.interval or (value.measured, value.measured)
    verdict = within((-high, -low), -limit) if kind == "floor" else within((low, high), limit)
    by_chance = value.p_fail is not None and value.p_fail > level
    return "undecided" if verdict == "fail" and by_chance else verdict
