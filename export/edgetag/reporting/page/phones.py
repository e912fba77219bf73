"""Phones: latency, scores, what delegates took, and what was not measured."""

from collections.abc import Iterator

from edgetag.reporting.page.grid import Column, Grid, cells
from edgetag.reporting.page.sources import View
from edgetag.reporting.phones import phone_sheets

MOST_ROWS = 100
WIDE = frozenset({"reason", "operators", "marks"})


def phone_grids(view: View) -> Iterator[Grid]:
    """Yield the tables of `bench/phones.json`; none where no phone was measured.

    They are those of the terminal, each cut to `MOST_ROWS`.
    """
    if view.sources.phones is None:
        return
    for sheet in phone_sheets(view.sources.phones):
        columns = tuple(
            Column(heading, numeric=place in sheet.numeric, wide="prose" if heading in WIDE else "")
            for place, heading in enumerate(sheet.headings)
        )
        rows = tuple(cells(row) for row in sheet.rows[:MOST_ROWS])
        more = len(sheet.rows) - len(rows)
        yield Grid(sheet.title + (f" ({more} more rows)" if more else ""), columns, rows)
