"""Marker system calls, at which the counting plugin writes down how far it has counted.

Section 0 is empty, so that what a pair of markers costs by itself can be taken off; 1 is the
whole model; 2 and up are its beginnings.
"""

import contextlib
import os

MARKER = 0x65646765
"""As in count.c. There is no such priority to ask for, so the call fails and changes nothing."""

EMPTY = 0
WHOLE = 1
FIRST_CUT = 2

PREFIX = "edgetag"


class CountError(Exception):
    """A log that gives no count; the text says why."""


def mark(number: int) -> None:
    """Tell the plugin a number: twice a section's where it begins, and one more where it ends."""
    with contextlib.suppress(OSError):
        os.getpriority(MARKER, number)


def read_log(text: str) -> dict[int, int]:
    """Return instructions of each section, less those of the empty one.

    A section that was run several times counts as often as most of its runs did; one run in a
    while has some more, at the same place in every process.

    Args:
        text: What the plugin wrote.

    Raises:
        CountError: There is no whole section, or a second thread was at work.
    """
    counts: dict[int, list[int]] = {}
    begun: tuple[int, int, int] | None = None
    for line in text.splitlines():
        fields = line.split()
        if len(fields) != 4 or fields[0] != PREFIX or not all(f.isdecimal() for f in fields[1:]):
            continue
        number, instructions, others = (int(field) for field in fields[1:])
        section, is_end = divmod(number, 2)
        if not is_end:
            begun = (section, instructions, others)
        elif begun is not None and begun[0] == section:
            if others != begun[2]:
                raise CountError("a second thread was at work; counts of it are not exact")
            counts.setdefault(section, []).append(instructions - begun[1])
            begun = None
    if EMPTY not in counts or WHOLE not in counts:
        raise CountError("the counting plugin told nothing")
    empty = min(counts[EMPTY])
    return {section: sorted(runs)[len(runs) // 2] - empty for section, runs in counts.items()}
