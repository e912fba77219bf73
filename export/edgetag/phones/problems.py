"""What goes wrong with a phone, and the one line that says what to do about it.

adb has no error codes: it ends with 1 and a sentence. The sentences here are those of adb 1.0.36
and later, and of the phone's own tools.
"""

import re
from enum import StrEnum

from edgetag.errors import one_line


class Problem(StrEnum):
    """Why a phone gave no result."""

    UNAUTHORIZED = "unauthorized"
    OFFLINE = "offline"
    NO_PERMISSION = "no permission"
    UNUSABLE = "unusable"
    DISCONNECTED = "disconnected"
    FULL = "full"
    LOCKED = "locked"
    READ_ONLY = "cannot be written"
    TIMED_OUT = "timed out"
    TOO_MUCH_OUTPUT = "too much output"
    WRONG_BINARY = "wrong binary"
    CRASHED = "crashed"
    BENCHMARK_FAILED = "benchmark failed"
    FELL_BACK = "fell back to the CPU"
    WRONG_OUTPUT = "wrong output"
    NOT_INSTALLED = "not installed"
    SELF_TEST = "self-test failed"
    FAILED = "failed"


LOSES_THE_PHONE = frozenset(
    {
        Problem.UNAUTHORIZED,
        Problem.OFFLINE,
        Problem.NO_PERMISSION,
        Problem.UNUSABLE,
        Problem.DISCONNECTED,
        Problem.FULL,
        Problem.LOCKED,
        Problem.READ_ONLY,
    }
)
"""Problems after which nothing more is tried on the phone; others cost one file only."""

ADVICE: dict[Problem, str] = {
    Problem.UNAUTHORIZED: "it has not allowed this computer; unlock it and accept the dialog "
    '"Allow USB debugging?"',
    Problem.OFFLINE: "it is offline; unplug it and plug it in again, or run: adb reconnect",
    Problem.NO_PERMISSION: "this user may not open the USB device; add a udev rule (Debian's "
    "package android-sdk-platform-tools-common has them) and plug the phone in again",
    Problem.DISCONNECTED: "the connection broke; check the cable, then run the same command again",
    Problem.FULL: "no space is left on it; free some, or add --clean to delete what edgetag left",
    Problem.LOCKED: "its storage is still encrypted; unlock it once since it was started",
    Problem.READ_ONLY: "its folder /data/local/tmp cannot be written",
}

_SIGNS: tuple[tuple[str, Problem], ...] = (
    (r"device unauthorized|device still authorizing", Problem.UNAUTHORIZED),
    (r"device offline|device still connecting", Problem.OFFLINE),
    (r"insufficient permissions|no permissions", Problem.NO_PERMISSION),
    (r"No space left on device|Disk quota exceeded", Problem.FULL),
    (r"Required key not available", Problem.LOCKED),
    (r"Read-only file system|remote Permission denied|remote couldn't create", Problem.READ_ONLY),
    (
        r"device '.*' not found|no devices/emulators found|error: closed|protocol fault"
        r"|[Cc]onnection reset|device disconnected|unexpected EOF|failed to read copy response"
        r"|transport (?:error|not found)",
        Problem.DISCONNECTED,
    ),
)


_TRANSFERRED = re.compile(r"[0-9]+ files? (?:pushed|pulled)\b|^\[ *[0-9?]+%\]")
"""Lines of adb's about how much was copied; it prints one after a copy that failed too."""


class PhoneError(Exception):
    """A phone gave no result.

    Args:
        problem: The kind.
        detail: More about it, or all about it where the kind has no advice; made one line.
    """

    def __init__(self, problem: Problem, detail: str = "") -> None:
        advice = ADVICE.get(problem, "")
        detail_line = one_line(detail) if detail else ""
        self.problem = problem
        self.reason = (
            f"{advice} ({detail_line})"
            if advice and detail_line
            else advice or detail_line or str(problem)
        )
        super().__init__(self.reason)


def recognize(said: str) -> Problem | None:
    """Return the kind of problem that a message of adb or of the phone tells, None if none.

    Args:
        said: What was printed; only its first 20,000 characters are looked at.
    """
    said = said[:20_000]
    return next((problem for pattern, problem in _SIGNS if re.search(pattern, said)), None)


def error_of(said: str, otherwise: Problem) -> PhoneError:
    """Return the error that a message tells, of the kind `otherwise` where it is not known."""
    lines = [
        line
        for line in said.splitlines()
        if line.strip() and not line.startswith("* ") and not _TRANSFERRED.search(line)
    ]
    detail = lines[-1] if lines else ""
    return PhoneError(recognize(said) or otherwise, detail)
