"""How wide the columns of a table may be, so that it fits a terminal and no word is cut.

Names and numbers stay in one piece, texts wrap between words. A table that cannot fit even so is
shown as a list of its rows.
"""

from collections.abc import Sequence

from rich.cells import cell_len

SHORTEST_TEXT = 24
"""A longer text is not squeezed into fewer: a column of single words cannot be read."""


def fitted(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    whole: frozenset[int],
    width: int,
    gap: int,
) -> list[int] | None:
    """Return the width of each column, None where they do not fit.

    `whole` are positions of columns whose cells stay in one piece; `gap` columns of the
    terminal lie between two of the table.
    """
    columns = [[heading, *(row[at] for row in rows)] for at, heading in enumerate(headings)]
    wanted = [max(map(_longest_line, cells)) for cells in columns]
    least = [
        max(
            _longest_word(cells[0]),
            *(_longest_line(cell) if at in whole else _least(cell) for cell in cells[1:]),
            0,
        )
        for at, cells in enumerate(columns)
    ]
    free = width - gap * (len(columns) - 1)
    if sum(least) > free:
        return None
    while (excess := sum(wanted) - free) > 0:
        at = max((a for a in range(len(wanted)) if wanted[a] > least[a]), key=wanted.__getitem__)
        others = [w for a, w in enumerate(wanted) if a != at and w < wanted[at]]
        step = min(excess, wanted[at] - max(least[at], max(others, default=0)))
        wanted[at] -= max(step, 1)
    return wanted


def _least(text: str) -> int:
    return max(_longest_word(text), min(_longest_line(text), SHORTEST_TEXT))


def _longest_line(text: str) -> int:
    return max(map(cell_len, text.splitlines()), default=0)


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
