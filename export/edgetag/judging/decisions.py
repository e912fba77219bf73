"""The words of a decision, which of them is worst, and what a command ends with."""

from collections.abc import Collection, Iterable
from typing import Literal

from edgetag.errors import ExitCode

Decision = Literal["pass", "fail", "undecided", "not judged"]
TagDecision = Literal["pass", "fail", "undecided", "not scored", "not judged"]

RANK: dict[TagDecision, int] = {
    "fail": 0,
    "undecided": 1,
    "not judged": 2,
    "pass": 3,
    "not scored": 4,
}
"""The worst first."""

EXIT_CODES: dict[Decision, ExitCode] = {
    "pass": ExitCode.ACCEPTED,
    "fail": ExitCode.BUDGET_BROKEN,
    "undecided": ExitCode.UNDECIDED,
    "not judged": ExitCode.UNDECIDED,
}


def worst(decisions: Iterable[Decision], of_none: Decision = "undecided") -> Decision:
    """Return the worst: fail, undecided, not judged, pass; `of_none` where there are none."""
    return min(decisions, key=lambda decision: RANK[decision], default=of_none)


def exit_code_of(decisions: Iterable[Decision], failed: Collection[object]) -> ExitCode:
    """Return what a comparison ends with; what failed breaks every limit."""
    return EXIT_CODES["fail" if failed else worst(decisions)]
