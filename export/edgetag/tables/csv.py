"""Rows as CSV, for files that people and other programs read."""

import csv
import io
from collections.abc import Iterable


def to_csv(headings: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a table whose lines end in a newline alone; the cell of a None is empty."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(headings)
    table.writerows(rows)
    return text.getvalue()
