"""The words of a verdict, which of them is worst, and what a command ends with."""

from typing import Literal

from edgetag.errors import ExitCode

Decision = Literal["pass", "fail", "undecided", "not judged"]
TagDecision = Literal["pass", "fail", "undecided", "not scored", "not judged"]

EXIT_CODES: dict[Decision, ExitCode] = {
    "pass": ExitCode.ACCEPTED,
    "fail": ExitCode.BUDGET_BROKEN,
    "undecided": ExitCode.UNDECIDED,
    "not judged": ExitCode.UNDECIDED,
}
RANK: dict[TagDecision, int] = {
    "fail": 0, "undecided": 1, "not judged": 2, "pass": 3, "not scored": 4,
}  # fmt: skip
"""The worst first."""


def worst(decisions: list[Decision]) -> Decision:
    """Return the worst: fail, undecided, not judged, pass; undecided where nothing was decided."""
    return min(decisions, key=lambda decision: RANK[decision], default="undecided")
