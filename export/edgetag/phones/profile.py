"""The operator profile of benchmark_model: a table on the terminal, or CSV.

Its columns changed over the years (`[start]` is gone from new builds), and types hold spaces and
commas, such as `Convolution (NHWC, QC8) IGEMM`, in CSV without quotes. So rows are read from
their numbers: two percentages, memory and a count, with one to three times before them.
"""

import re

from edgetag.phones.figures import OperatorTime

START = "Operator-wise Profiling Info for Regular Benchmark Runs:"
TABLE = "Run Order"
MOST_ROWS = 20_000
MOST_MS = 1e8
"""Longer times, of over a day, are none."""

_GAP = ",? "
_TIME = r"([0-9]{1,12}(?:\.[0-9]{1,12})?(?:e[+-]?[0-9]{1,3})?)"
_NUMBERS = re.compile(
    rf"{_GAP}(?:{_TIME}{_GAP})?{_TIME}{_GAP}{_TIME}{_GAP}{_TIME}%{_GAP}{_TIME}%{_GAP}{_TIME}{_GAP}"
    rf"([0-9]{{1,9}}){_GAP}(\S.*)$"
)
_MACRO_NODE = re.compile(r"TfLite\w{0,40}Delegate\w{0,10}")
_WITHIN = "Delegate/"


def operators(lines: list[str]) -> tuple[OperatorTime, ...]:
    """Return the time of each type of operator in one inference, the longest first.

    Args:
        lines: Without their levels; see `parse.clean_lines`.

    Returns:
        Nothing where there is no profile.
    """
    counts: dict[tuple[str, bool], int] = {}
    times: dict[tuple[str, bool], float] = {}
    for line in _rows(lines):
        row = _read(line)
        if row is None:
            continue
        kind, within, average_ms = row
        counts[kind, within] = counts.get((kind, within), 0) + 1
        times[kind, within] = times.get((kind, within), 0.0) + average_ms
    order = sorted(times, key=lambda key: (-times[key], key))
    return tuple(
        OperatorTime(
            operator=kind,
            within_delegate=within,
            count=counts[kind, within],
            avg_ms=times[kind, within],
        )
        for kind, within in order
    )


def _rows(lines: list[str]) -> list[str]:
    """Return the lines of the run-order table of the regular runs."""
    begin = next((n for n, line in enumerate(lines) if line.startswith(START)), None)
    if begin is None:
        return []
    rows: list[str] = []
    inside = False
    for line in lines[begin + 1 :]:
        if line.startswith("====="):
            if inside:
                break
            inside = TABLE in line
        elif inside:
            rows.append(line)
    return rows[:MOST_ROWS]


def _read(line: str) -> tuple[str, bool, float] | None:
    """Return type, whether a delegate ran it, and milliseconds in one inference."""
    line = re.sub(r"[ \t]+", " ", line)
    match = _NUMBERS.search(line)
    if match is None:
        return None
    kind = line[: match.start()].strip()
    calls, name = max(int(match[7]), 1), match[8]  # old builds round it down to 0
    average_ms = float(match[3]) * calls
    if not kind or average_ms > MOST_MS:
        return None
    within = name.startswith(_WITHIN) or _MACRO_NODE.fullmatch(kind) is not None
    return kind[:120], within, average_ms
