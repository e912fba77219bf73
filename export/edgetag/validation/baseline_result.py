"""What validation says of its numbers against the accepted ones."""

from typing import Literal

from edgetag.judging.decisions import Decision
from edgetag.records import Record


class BaselineChange(Record):
    """One number of `baseline.json` against what was measured now.

    Attributes:
        variant: Its name.
        runtime: The engine.
        what: `map`, `map_drop`, `logit_rmse`, or `ap of <tag>`, and likewise `recall` and `fpr`.
        accepted: The baseline's value; None where it has none.
        measured: Now; None where there is none.
        tolerance: Largest difference that counts as the same.
        change: `worse` and `better` are beyond the tolerance; `new` and `gone` are variants or
            tags that only one side has.
    """

    variant: str
    runtime: str
    what: str
    accepted: float | None
    measured: float | None
    tolerance: float
    change: Literal["worse", "better", "new", "gone"]


class BaselineComparison(Record):
    """What changed since a state was accepted.

    Attributes:
        file: The baseline.
        accepted_at: When.
        reason: Why it was accepted.
        same_reference: Whether it is about the same trained weights. If not, changes are told but
            decide nothing: a new training moves every number.
        same_scores: Whether every score is what it was, by digest.
        changes: What moved beyond the tolerance, worse first.
        verdict: Fails where something is worse or gone and the reference is the same.
    """

    file: str
    accepted_at: str
    reason: str
    same_reference: bool
    same_scores: bool
    changes: tuple[BaselineChange, ...]
    verdict: Decision
