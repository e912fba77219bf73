"""Whether output that a document shows has the shape of what a command prints: not its figures."""

import re

NUMBER = re.compile(r"[−+-]?\d(?:[\d.,\u202f]*\d)?")
RULE = re.compile(r"[\s─━-]+")
LEFT_OUT = "…"


def shape(line: str) -> str:
    """Return a line with a sign for each number and single blanks."""
    return " ".join(NUMBER.sub("#", line).split())


def cells(line: str) -> list[str]:
    """Return the cells of a table's row, which two blanks or more keep apart."""
    return re.split(r"\s{2,}", line.strip())


def unlike(shown: list[str], printed: str) -> list[str]:
    """Return the lines shown that resemble nothing in what was printed.

    A line without figures must have been printed as it is, but for blanks. One with figures must
    have been printed with other figures, or be the row of a table with as many cells.
    """
    lines = printed.splitlines()
    shapes = {shape(line) for line in lines}
    widths = {len(cells(line)) for line in lines if NUMBER.search(line)}
    return [line for line in shown if not _like(line, shapes, widths)]


def _like(line: str, shapes: set[str], widths: set[int]) -> bool:
    if line.strip() == LEFT_OUT or RULE.fullmatch(line) or shape(line) in shapes:
        return True
    row = cells(line)
    return bool(NUMBER.search(line)) and len(row) >= 3 and len(row) in widths
